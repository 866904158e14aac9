import { Command } from 'commander';

import { asksPoll, printsAs, run } from '../command.ts';
import { explained, WATCHED_OUTPUT } from '../help.ts';
import type { TallyOptions } from '../tally/tally.ts';

const EXPLANATION = {
  examples: [
    'voteapp tally',
    'voteapp tally lunch --watch',
    'voteapp tally lunch --by-hour',
    'voteapp tally lunch -o csv > lunch.csv',
    'voteapp tally final --round semifinal -o json',
  ],
  notes: [
    'It says "final" only when every accepted vote is counted; until then it says how many wait. --watch ends then. Where the poll hides its results, it shows the totals.',
    WATCHED_OUTPUT,
  ],
};

/** `voteapp tally`: the count. */
export function tallyCommand(): Command {
  const command = new Command('tally')
    .description('Show the count of a poll.')
    .argument('[name]', 'name of the poll; without it the only one')
    .option('--round <id>', 'an earlier round; without it the present one')
    .option('--by-hour', 'votes cast in each hour of the poll’s time zone')
    .option('-w, --watch', 'show it anew whenever it changes, until it is final or Ctrl-C');
  return explained(printsAs(asksPoll(command), ['table', 'json', 'yaml', 'csv']), EXPLANATION).action(
    async (name: string | undefined, options: TallyOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { tally } = await import('../tally/tally.ts');
        return await tally(name, options, terminal);
      });
    },
  );
}

import { Command, Option } from 'commander';

import { asksPoll, duration, printsAs, run } from '../command.ts';
import { explained, WATCHED_OUTPUT } from '../help.ts';
import { GOALS } from '../status/goals.ts';
import type { StatusOptions } from '../status/status.ts';

const EXPLANATION = {
  examples: [
    'voteapp status',
    'voteapp status lunch -w',
    'voteapp status lunch -w --timeout 5m',
    'voteapp status lunch --for Final --timeout 10m',
    'voteapp status -A',
    'voteapp status lunch -o json',
  ],
  notes: [
    'With --for or --timeout it ends as soon as that is reached (for --timeout alone: Ready), and with 3 if it is not in time.',
    WATCHED_OUTPUT,
  ],
};

/** `voteapp status`: how a poll is, and what to do. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description('Show how a poll is: its parts, its window, what is wrong and what to do.')
    .argument('[name]', 'name of the poll; without it the only one')
    .option('-A, --all-namespaces', 'a table of the polls of all namespaces')
    .option('-w, --watch', 'show it anew whenever it changes, until Ctrl-C')
    .addOption(new Option('--for <condition>', 'watch until it is so').choices(GOALS))
    .addOption(new Option('--timeout <time>', 'how long to watch for that, as 5m').argParser(duration));
  return explained(printsAs(asksPoll(command), ['text', 'wide', 'json', 'yaml']), EXPLANATION).action(
    async (name: string | undefined, options: StatusOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { status } = await import('../status/status.ts');
        return await status(name, options, terminal);
      });
    },
  );
}

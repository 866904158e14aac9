import { Command } from 'commander';

import { asksPoll, printsAs, run } from '../command.ts';
import { explained } from '../help.ts';
import type { BrowseOptions } from '../browse/browse.ts';

const EXPLANATION = {
  examples: ['voteapp browse lunch', 'voteapp browse lunch --forward --no-open'],
  notes: [
    'A poll that is reached from outside is opened there. To any other, and with --forward, it leads from addresses of this machine, until Ctrl-C.',
  ],
};

/** `voteapp browse`: opens a poll in the browser. */
export function browseCommand(): Command {
  const command = new Command('browse')
    .description('Open a poll in the browser, wherever it runs.')
    .argument('[name]', 'name of the poll; without it the only one')
    .option('--forward', 'lead there from this machine, even if it is reached from outside')
    .option('--no-open', 'only say where it is');
  return explained(printsAs(asksPoll(command), ['text', 'json', 'yaml']), EXPLANATION).action(
    async (name: string | undefined, options: BrowseOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { browse } = await import('../browse/browse.ts');
        return await browse(name, options, terminal);
      });
    },
  );
}

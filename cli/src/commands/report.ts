import { Command } from 'commander';

import { asksPoll, run } from '../command.ts';
import { explained } from '../help.ts';
import type { ReportOptions } from '../report/report.ts';

const EXPLANATION = {
  examples: ['voteapp report', 'voteapp report lunch --file lunch.tar.gz', 'voteapp report --local'],
  notes: [
    'Of a cluster it holds objects, events and logs of the polls and of the operator, and what `voteapp check` says; of a poll of this machine, what its services tell. Secrets are left out, and what looks like one is redacted.',
  ],
};

/** `voteapp report`: an archive for whoever is asked for help. */
export function reportCommand(): Command {
  const command = new Command('report')
    .description('Write an archive for support, without secrets.')
    .argument('[name]', 'name of the poll; without it all of the namespace')
    .option('--file <file>', 'where to write it; without it voteapp-report-….tar.gz');
  return explained(asksPoll(command), EXPLANATION).action(
    async (name: string | undefined, options: ReportOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { report } = await import('../report/report.ts');
        return await report(name, options, terminal);
      });
    },
  );
}

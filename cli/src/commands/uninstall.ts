import { Command, Option } from 'commander';

import { printsAs, reachesCluster, run, timeOption } from '../command.ts';
import { explained } from '../help.ts';
import type { UninstallOptions } from '../install/uninstall.ts';
import { namespaceName } from './install.ts';

const EXPLANATION = {
  examples: ['voteapp uninstall', 'voteapp uninstall --delete-polls', 'voteapp uninstall --delete-polls --delete-data'],
  notes: [
    'The votes of polls stay on their volumes, and the next VotingApp of a poll’s name takes them up, unless --delete-data is given or the VotingApp says deletionPolicy: Delete. Then the name of the context is to be typed.',
  ],
};

/** `voteapp uninstall`: removes the operator. */
export function uninstallCommand(): Command {
  const command = new Command('uninstall')
    .description('Remove the operator from a cluster; data is kept unless you say otherwise.')
    .addOption(
      new Option('-n, --namespace <name>', 'namespace of the operator')
        .argParser(namespaceName)
        .default('voteapp-system'),
    )
    .option('--delete-polls', 'stop and delete the VotingApps first')
    .addOption(
      new Option('--keep-polls', 'leave the VotingApps running without an operator').conflicts([
        'deletePolls',
        'deleteData',
      ]),
    )
    .option('--delete-data', 'delete the type VotingApp and the volumes and Secrets of polls for good')
    .option('--yes', 'delete data without being asked')
    .addOption(timeOption('--timeout <time>', 'how long to wait until all is gone', '5m'));
  return explained(printsAs(reachesCluster(command), ['text', 'json', 'yaml']), EXPLANATION).action(
    async (options: UninstallOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { uninstall } = await import('../install/uninstall.ts');
        return await uninstall(options, terminal);
      });
    },
  );
}

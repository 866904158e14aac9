import { Command } from 'commander';

import { printsAs, reachesCluster, run } from '../command.ts';
import { explained } from '../help.ts';
import type { VersionOptions } from '../version/version.ts';

const EXPLANATION = { examples: ['voteapp version', 'voteapp version --client', 'voteapp version -o json'] };

/** `voteapp version`: what runs where. */
export function versionCommand(): Command {
  const command = new Command('version')
    .description('Show the releases of this tool, of the operator and of what it runs.')
    .option('--client', 'of this tool alone; asks no cluster');
  return explained(printsAs(reachesCluster(command), ['text', 'json', 'yaml']), EXPLANATION).action(
    async (options: VersionOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { version } = await import('../version/version.ts');
        return await version(options, terminal);
      });
    },
  );
}

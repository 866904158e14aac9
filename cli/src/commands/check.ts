import { Command, Option } from 'commander';

import type { CheckOptions } from '../check/check.ts';
import { printsAs, reachesCluster, run } from '../command.ts';
import { explained } from '../help.ts';
import { namespaceName } from './install.ts';

const EXPLANATION = {
  examples: ['voteapp check --pre', 'voteapp check', 'voteapp check -o json'],
  notes: ['It exits with 1 where something fails; warnings are yours to judge.'],
};

/** `voteapp check`: whether a cluster can run polls, and does. */
export function checkCommand(): Command {
  const command = new Command('check')
    .description('Check that a cluster can run polls, and that the operator does.')
    .option('--pre', 'before an install: what that needs')
    .addOption(
      new Option('-n, --namespace <name>', 'namespace of the operator')
        .argParser(namespaceName)
        .default('voteapp-system'),
    );
  return explained(printsAs(reachesCluster(command), ['text', 'json', 'yaml']), EXPLANATION).action(
    async (options: CheckOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { check } = await import('../check/check.ts');
        return await check(options, terminal);
      });
    },
  );
}

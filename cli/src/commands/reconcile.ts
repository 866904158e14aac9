import { Command } from 'commander';

import { changesApp, run } from '../command.ts';
import { explained } from '../help.ts';
import type { ChangeOptions } from '../operations/change.ts';

function verbCommand(verb: 'pause' | 'resume', description: string): Command {
  const command = changesApp(new Command(verb).description(description), '1m');
  return explained(command, { examples: [`voteapp reconcile ${verb} lunch --wait`] }).action(
    async (name: string, options: ChangeOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { reconcile } = await import('../operations/reconcile.ts');
        return await reconcile(verb, name, options, terminal);
      });
    },
  );
}

/** `voteapp reconcile`: whether the operator acts on a VotingApp. */
export function reconcileCommand(): Command {
  return new Command('reconcile')
    .description('Have the operator leave a poll as it is for a while.')
    .addCommand(
      verbCommand('pause', 'Change nothing of a poll but its status: what runs goes on, and is not repaired.'),
    )
    .addCommand(verbCommand('resume', 'Keep it as it is asked for again.'));
}

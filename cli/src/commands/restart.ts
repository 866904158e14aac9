import { Command } from 'commander';

import { changesApp, run } from '../command.ts';
import { explained } from '../help.ts';
import type { ChangeOptions } from '../operations/change.ts';

const EXPLANATION = {
  examples: ['voteapp restart lunch --wait'],
  notes: [
    'Its services are restarted pod after pod, and votes are taken meanwhile; the database and the queue run on.',
  ],
};

/** `voteapp restart`: new pods for the services of a poll. */
export function restartCommand(): Command {
  return explained(
    changesApp(new Command('restart').description('Restart the services of a poll, pod after pod.'), '5m'),
    EXPLANATION,
  ).action(async (name: string, options: ChangeOptions, self: Command) => {
    await run(self, async (terminal) => {
      const { restart } = await import('../operations/restart.ts');
      return await restart(name, options, terminal);
    });
  });
}

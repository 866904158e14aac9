import { Command } from 'commander';

import { changesApp, run } from '../command.ts';
import { explained } from '../help.ts';
import type { ChangeOptions } from '../operations/change.ts';

function verbCommand(what: 'on' | 'off', description: string): Command {
  const command = changesApp(new Command(what).description(description), '5m');
  return explained(command, { examples: [`voteapp hibernate ${what} lunch --wait`] }).action(
    async (name: string, options: ChangeOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { hibernate } = await import('../operations/hibernate.ts');
        return await hibernate(what, name, options, terminal);
      });
    },
  );
}

/** `voteapp hibernate`: whether a poll runs at all. */
export function hibernateCommand(): Command {
  return new Command('hibernate')
    .description('Stop every pod of a poll and keep its data, or start them again.')
    .addCommand(verbCommand('on', 'Stop its pods as soon as it takes no votes and all are counted.'))
    .addCommand(verbCommand('off', 'Start its pods again.'));
}

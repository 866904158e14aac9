import { PARTS, type Part } from '@voteapp/contracts/cluster-objects';
import { Command, InvalidArgumentError, Option } from 'commander';

import { asksPoll, duration, printsAs, run } from '../command.ts';
import { explained } from '../help.ts';
import { LOG_LEVELS } from '../logs/levels.ts';
import type { LogsOptions } from '../logs/logs.ts';

const EXPLANATION = {
  examples: [
    'voteapp logs lunch',
    'voteapp logs lunch --component vote,worker --level warn --since 10m',
    'voteapp logs lunch -f',
    'voteapp logs lunch -o json --level error',
  ],
  notes: ['Times are those of the poll’s zone. With -o json every line is a JSON text that holds the pod’s own line.'],
};

function parts(text: string): Part[] {
  const names = text.split(',').map((name) => name.trim());
  const known = PARTS.filter((part) => names.includes(part));
  if (known.length !== new Set(names).size) {
    throw new InvalidArgumentError(`It must be one or more of ${PARTS.join(', ')}.`);
  }
  return known;
}

function lineCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number of lines.');
  return Number(text);
}

/** `voteapp logs`: what the pods of a poll say. */
export function logsCommand(): Command {
  const command = new Command('logs')
    .description('Show the logs of a poll’s pods, merged by time.')
    .argument('[name]', 'name of the poll; without it the only one')
    .addOption(new Option('--component <parts>', `of these parts only: ${PARTS.join(', ')}`).argParser(parts))
    .addOption(new Option('--level <level>', 'lines of this level or a graver one').choices(LOG_LEVELS))
    .addOption(new Option('--since <time>', 'lines that are no older, as 10m').argParser(duration))
    .addOption(new Option('--tail <lines>', 'the last lines of each pod only').argParser(lineCount))
    .option('-f, --follow', 'go on with what is written, of new pods too, until Ctrl-C');
  return explained(printsAs(asksPoll(command), ['text', 'json']), EXPLANATION).action(
    async (name: string | undefined, options: LogsOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { logs } = await import('../logs/logs.ts');
        return await logs(name, options, terminal);
      });
    },
  );
}

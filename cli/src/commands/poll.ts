import { Command, Option } from 'commander';

import { asksPoll, duration, printsAs, run, timeOption } from '../command.ts';
import { explained, type Explanation } from '../help.ts';
import type { OnAirOptions } from '../on-air/on-air.ts';
import type { OnAirVerb } from '../on-air/plan.ts';

function verbCommand(
  verb: OnAirVerb,
  description: string,
  explanation: Explanation,
  options: readonly Option[] = [],
): Command {
  const command = new Command(verb)
    .description(description)
    .argument('[name]', 'name of the poll; without it the only one');
  for (const option of options) command.addOption(option);
  command
    .option('--wait', 'wait until the services judge votes by it')
    .addOption(timeOption('--timeout <time>', 'how long to wait', '1m'));
  return explained(printsAs(asksPoll(command), ['text', 'json', 'yaml']), explanation).action(
    async (name: string | undefined, given: OnAirOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { onAir } = await import('../on-air/on-air.ts');
        return await onAir(verb, name, given, terminal);
      });
    },
  );
}

const OPEN: Explanation = {
  examples: [
    'voteapp poll open lunch',
    'voteapp poll open lunch --for 20m --wait',
    'voteapp poll open final --at "2031-05-04 22:30" --for 20m',
  ],
};
const CLOSE: Explanation = {
  examples: ['voteapp poll close lunch --wait', 'voteapp poll close final --in 5m'],
  notes: [
    'What was voted before the close is counted still; `voteapp tally` says when the count is final. A round that has closed does not open again: a new spec.poll.id starts a new count.',
  ],
};
const SUSPEND: Explanation = { examples: ['voteapp poll suspend lunch --wait'] };
const RESUME: Explanation = { examples: ['voteapp poll resume lunch --wait'] };

/** `voteapp poll`: what a producer does on air. */
export function pollCommand(): Command {
  const command = new Command('poll').description('Open, close, suspend or resume a poll.');
  const at = (what: string): Option =>
    new Option('--at <time>', `when it ${what}, as "2026-12-20 22:30" by the poll’s zone; without it now`);
  const open = [
    at('opens'),
    new Option('--for <time>', 'how long it is open, as 20m; without it as before, or until it is closed').argParser(
      duration,
    ),
  ];
  const close = [
    at('closes').conflicts('in'),
    new Option('--in <time>', 'how long from now it closes, as 5m').argParser(duration),
  ];
  return command
    .addCommand(verbCommand('open', 'Open a poll, now or later; a suspended one is resumed.', OPEN, open))
    .addCommand(verbCommand('close', 'Close a poll, now or later.', CLOSE, close))
    .addCommand(verbCommand('suspend', 'Refuse votes until it is resumed.', SUSPEND))
    .addCommand(verbCommand('resume', 'Take votes again.', RESUME));
}

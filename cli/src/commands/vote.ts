import { Command, InvalidArgumentError, Option } from 'commander';

import { asksPoll, printsAs, run } from '../command.ts';
import { explained } from '../help.ts';
import type { VoteOptions } from '../vote/vote.ts';

const MOST = 1_000_000;

const EXPLANATION = {
  examples: [
    'voteapp vote lunch pizza',
    'voteapp vote lunch pizza --voter ann',
    'voteapp vote lunch salad --count 500',
  ],
  notes: [
    'Without --voter every vote is of another voter. A vote that had no answer is sent again and counts once. It exits with 1 unless every vote is accepted.',
  ],
};

function voteCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > MOST) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST}.`);
  }
  return count;
}

/** `voteapp vote`: votes. */
export function voteCommand(): Command {
  const command = new Command('vote')
    .description('Vote, once or many times.')
    .argument('<name>', 'name of the poll')
    .argument('<option>', 'id of the option')
    .option('--voter <name>', 'who votes, as the poll is to know him')
    .addOption(new Option('--count <number>', 'how many votes').argParser(voteCount).default(1));
  return explained(printsAs(asksPoll(command), ['text', 'json', 'yaml']), EXPLANATION).action(
    async (name: string, option: string, options: VoteOptions, self: Command) => {
      await run(self, async (terminal) => {
        const { vote } = await import('../vote/vote.ts');
        return await vote(name, option, options, terminal);
      });
    },
  );
}

import { Command, InvalidArgumentError, Option } from 'commander';

import type { AnalyzeOptions } from '../analyze/analyze.ts';
import { LEVELS } from '../analyze/levels.ts';
import { asksCluster, collected, printsAs, run } from '../command.ts';
import { explained } from '../help.ts';

const MOST_VOTES_PER_S = 10_000_000;

function rate(text: string): number {
  const votes = Number(text);
  if (Number.isInteger(votes) && votes >= 1 && votes <= MOST_VOTES_PER_S) return votes;
  throw new InvalidArgumentError('It must be a whole number of votes per second, such as 25000.');
}

/** `voteapp analyze`: what is wrong with a VotingApp, and what hurts. */
export function analyzeCommand(): Command {
  const command = printsAs(asksCluster(new Command('analyze')), ['text', 'json', 'yaml'])
    .description('Say what is wrong with VotingApps, and what will hurt, before it does.')
    .argument('[name]', 'VotingApp of a cluster; with neither name nor file, the only one of the namespace')
    .option('-f, --file <file>', 'VotingApp file, without a cluster; - is standard input; may be repeated', collected)
    .option('--peak <votes/s>', 'also say what so many votes per second need', rate)
    .addOption(
      new Option('--failure-threshold <level>', 'least level that ends in exit code 1')
        .choices(LEVELS)
        .default('Error'),
    )
    .addOption(
      new Option('--explain [code]', 'say what a code means, as VAP0101; without one, what all of them do').conflicts([
        'file',
        'peak',
      ]),
    );
  return explained(command, {
    examples: [
      'voteapp analyze -f poll.yaml',
      'voteapp analyze -f poll.yaml --peak 25000 --failure-threshold Warning',
      'kubectl get votingapp lunch -o yaml | voteapp analyze -f -',
      'voteapp analyze --explain VAP0101',
    ],
  }).action(async (name: string | undefined, options: AnalyzeOptions) => {
    await run(command, async (terminal) => {
      const { analyze } = await import('../analyze/analyze.ts');
      return await analyze(name, options, terminal);
    });
  });
}

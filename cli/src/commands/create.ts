import { POLICIES, VISIBILITIES } from '@voteapp/contracts/poll-choices';
import { Command, InvalidArgumentError, Option } from 'commander';

import { asksCluster, collected, run, timeOption } from '../command.ts';
import type { CreateOptions } from '../create/create.ts';
import { explained } from '../help.ts';

function wholeNumber(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** `voteapp create`: makes a VotingApp. */
export function createCommand(): Command {
  const command = asksCluster(new Command('create'))
    .description('Make a poll on a cluster: a VotingApp.')
    .argument('<name>', 'name of the poll')
    .option('--option <id[=label]>', 'what can be voted for; two or more of them', collected)
    .option('--title <text>', 'headline of the pages; without it the labels of the options')
    .addOption(new Option('--policy <policy>', 'which votes of one voter count').choices(POLICIES))
    .option('--opens-at <time>', 'first moment of voting, as "2026-12-20 22:30"; without it at once')
    .option('--closes-at <time>', 'first moment after voting; without it when somebody closes it')
    .option('--time-zone <zone>', 'IANA zone of these times and of the pages; without it UTC')
    .addOption(new Option('--visibility <when>', 'when the results are shown').choices(VISIBILITIES))
    .option('--round <id>', 'name of the round; without it that of the poll')
    .option('--host <host>', 'host of the vote page, by an Ingress or a Gateway')
    .option('--results-host <host>', 'host of the results')
    .option('--ingress-class <class>', 'IngressClass; without it that of the cluster')
    .addOption(
      new Option(
        '--gateway <gateway>',
        'Gateway that leads to the hosts instead of Ingresses, as [namespace/]name[:listener]',
      ).conflicts('ingressClass'),
    )
    .option('--tls', 'reach the hosts by https')
    .option('--replicas <number>', 'pods of the vote service', wholeNumber)
    .option('--storage <size>', 'size of each volume, of the database and of the queue, as 20Gi')
    .option('--storage-class <class>', 'StorageClass of these volumes; without it that of the cluster')
    .option('--version <release>', 'release of the services; without it that of the operator')
    .addOption(
      new Option('--dry-run [where]', 'make nothing: only look here, or ask the server too')
        .choices(['client', 'server'])
        .preset('client'),
    )
    .addOption(new Option('-o, --output <format>', 'what to print of it').choices(['yaml', 'json', 'name']))
    .option('--wait', 'wait until it is ready')
    .addOption(timeOption('--timeout <time>', 'how long to wait', '5m'));
  return explained(command, {
    examples: [
      'voteapp create lunch --option pizza=Pizza --option salad=Salad --wait',
      'voteapp create final --option ana --option bruno --policy Unlimited --opens-at "2031-05-04 22:30" --closes-at "2031-05-04 22:50" --time-zone America/Sao_Paulo',
      'voteapp create lunch --option pizza --option salad --dry-run -o yaml > lunch.yaml',
    ],
    notes: ['What has no option here is a field of the file: write it with --dry-run -o yaml, edit it, and apply it.'],
  }).action(async (name: string, options: CreateOptions) => {
    await run(command, async (terminal) => {
      const { create } = await import('../create/create.ts');
      return await create(name, options, terminal);
    });
  });
}

import { Command } from 'commander';

import { asksCluster, printsAs, run } from '../command.ts';
import { explained } from '../help.ts';
import type { RenderOptions } from '../render/render.ts';
import { registry } from './install.ts';

/** `voteapp render`: the objects that the operator makes. */
export function renderCommand(): Command {
  const command = printsAs(asksCluster(new Command('render')), ['yaml', 'json'])
    .description('Show every object that the operator makes of a VotingApp, its Secret aside.')
    .option('-f, --file <file>', 'VotingApp file; - is standard input')
    .option('--from-cluster [name]', 'by what the cluster has: a VotingApp there, or with -f an edit of it')
    .option('--operator-namespace <name>', 'namespace of the operator; without it voteapp-system, or where it is found')
    .option('--image-registry <registry>', 'that of `voteapp install`; an image that the file names is left', registry);
  return explained(command, {
    examples: [
      'voteapp render -f poll.yaml',
      'voteapp render --from-cluster lunch',
      'voteapp render -f poll.yaml --from-cluster | kubectl diff --server-side --field-manager voteapp-operator --force-conflicts -f -',
    ],
    notes: [
      'Without --from-cluster nothing is asked: the uid is a row of zeros, and what only a cluster knows is left out. With it the Secrets of the poll are read, for pods are restarted when those change.',
    ],
  }).action(async (options: RenderOptions) => {
    await run(command, async (terminal) => {
      const { render } = await import('../render/render.ts');
      return await render(options, terminal);
    });
  });
}

import { Command, InvalidArgumentError, Option } from 'commander';

import { printsAs, reachesCluster, run, timeOption } from '../command.ts';
import { UsageError } from '../exit-codes.ts';
import { explained } from '../help.ts';
import type { InstallOptions } from '../install/install.ts';

const MOST_REPLICAS = 5;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const IMAGE = /^[a-zA-Z0-9][-a-zA-Z0-9._:/@]{0,511}$/;
const REGISTRY = /^[a-z0-9][-a-z0-9.]*(:[0-9]{1,5})?(\/[a-z0-9][-a-z0-9._]*)*$/;

/** Reads the name of a namespace. */
export function namespaceName(text: string): string {
  if (DNS_LABEL.test(text)) return text;
  throw new InvalidArgumentError('It must be the name of a namespace: lower-case letters, digits and dashes.');
}

function namespaceNames(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((name) => namespaceName(name.trim()))];
}

function replicas(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= MOST_REPLICAS) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST_REPLICAS}; one of them leads.`);
}

function image(text: string): string {
  if (IMAGE.test(text)) return text;
  throw new InvalidArgumentError('It must be an image such as registry.example.com/voteapp/operator:1.2.0.');
}

/** Reads the place of images, as spec.images.registry of a VotingApp has it. */
export function registry(text: string): string {
  if (REGISTRY.test(text)) return text;
  throw new InvalidArgumentError('It must be a registry such as registry.example.com/voteapp, without https://.');
}

const EXPLANATION = {
  examples: [
    'voteapp install --wait',
    'voteapp install --image-registry registry.example.com/voteapp --wait',
    'voteapp install --replicas 2 --watch-namespace shop,news',
    'voteapp install --generate > operator.yaml',
    'voteapp install --dry-run=server',
  ],
  notes: [
    'Again, it upgrades: the operator becomes what this release and these options say.',
    'Where the type VotingApp is there already as this release has it, rights in a namespace are enough to install an operator for that one: --namespace and --watch-namespace name it.',
  ],
};

/** `voteapp install`: the operator, and the type VotingApp. */
export function installCommand(): Command {
  const command = new Command('install')
    .description('Install the operator on a cluster, or upgrade it to this release.')
    .addOption(
      new Option('-n, --namespace <name>', 'namespace of the operator')
        .argParser(namespaceName)
        .default('voteapp-system'),
    )
    .addOption(
      new Option('--watch-namespace <names>', 'namespaces that it watches, comma-separated; without it all').argParser(
        namespaceNames,
      ),
    )
    .option('--replicas <number>', 'pods; one of them leads', replicas, 1)
    .option('--image <image>', 'image of the operator, by tag or digest; without it the release’s', image)
    .option('--image-registry <registry>', 'registry of every image, those that polls run included', registry)
    .addOption(new Option('--generate', 'print the objects as YAML; needs no cluster').conflicts(['wait', 'dryRun']))
    .addOption(
      new Option('--dry-run <where>', 'change nothing: say what would be applied, or let the server try it')
        .choices(['client', 'server'])
        .conflicts('wait'),
    )
    .option('--wait', 'wait until the operator is ready')
    .addOption(timeOption('--timeout <time>', 'how long to wait', '5m'));
  return explained(printsAs(reachesCluster(command), ['text', 'json', 'yaml']), EXPLANATION).action(
    async (options: InstallOptions, self: Command) => {
      if (options.wait !== true && self.getOptionValueSource('timeout') === 'cli') {
        throw new UsageError('--timeout says how long to --wait: give both.');
      }
      await run(self, async (terminal) => {
        const { install } = await import('../install/install.ts');
        return await install(options, terminal);
      });
    },
  );
}

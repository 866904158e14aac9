import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';

import { asReleased, installOperator, operatorImages } from '../operator/installation.ts';
import { onPath } from '../tools/programs.ts';
import { KubeClient, refOf } from './client.ts';
import { waitForCondition } from './conditions.ts';
import { endHeldCluster, type HeldCluster, heldCluster, hold, loadInto, startHeldCluster } from './holder.ts';

const NAMESPACE = 'voteapp';
const SAMPLE = new URL('../../manifests/samples/smallest.yaml', import.meta.url);

/** Lines for a shell: how to reach the cluster. */
function introduce({ kubeconfig, version, kubectl, ingressUrl }: HeldCluster): void {
  const lines = [`# Kubernetes ${version}; \`npm run cluster -- down\` removes it.`];
  if (ingressUrl !== undefined)
    lines.push(`# Ingresses and HTTPRoutes are served at ${ingressUrl}, by their hosts' names.`);
  lines.push(`export KUBECONFIG=${kubeconfig}`);
  if (kubectl !== undefined && onPath('kubectl') === null) lines.push(`export PATH="$PATH:${dirname(kubectl)}"`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function ensured(): Promise<HeldCluster> {
  return (await heldCluster()) ?? (await startHeldCluster());
}

async function up(): Promise<void> {
  introduce(await ensured());
}

/** A cluster whose node has what `voteapp install` and the polls then need, for no registry has it. */
async function images(): Promise<void> {
  const held = await ensured();
  for (const { archive } of await asReleased(await operatorImages())) await loadInto(held, archive);
  introduce(held);
}

/** A cluster with the operator, the images of the sources as they are, and the smallest poll. */
async function dev(): Promise<void> {
  const held = await ensured();
  const built = await operatorImages();
  for (const { archive } of Object.values(built)) await loadInto(held, archive);
  const references = Object.fromEntries(Object.entries(built).map(([name, { reference }]) => [name, reference]));
  const client = new KubeClient(held.kubeconfig);
  try {
    await installOperator(client, references);
    await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const [poll] = await client.applyAll(await readFile(SAMPLE, 'utf8'), { namespace: NAMESPACE, force: true });
    if (poll !== undefined) await waitForCondition(client, refOf(poll), 'Ready', { timeoutMs: 300_000 });
  } finally {
    await client.close();
  }
  introduce(held);
  process.stdout.write(
    `# The operator runs, and of ${relative(process.cwd(), SAMPLE.pathname)} a poll in namespace ${NAMESPACE}:
#   kubectl --namespace ${NAMESPACE} get votingapp
#   kubectl --namespace ${NAMESPACE} port-forward service/smallest-vote-service 8080:80
#   kubectl --namespace ${NAMESPACE} port-forward service/smallest-front-service 8082:80
`,
  );
}

async function down(): Promise<void> {
  const held = await heldCluster();
  if (held === null) {
    process.stderr.write('There is no cluster to remove.\n');
    return;
  }
  await endHeldCluster(held);
  process.stderr.write('The cluster is gone.\n');
}

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { up, images, dev, down, hold };
const [word = 'up', ...rest] = process.argv.slice(2);
const command = COMMANDS[word];
if (command === undefined || rest.length > 0) {
  process.stderr.write('Usage: npm run cluster [-- up | images | dev | down]\n');
  process.exitCode = 2;
} else {
  try {
    await command();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

import { dirname } from 'node:path';

import { projectImages } from '../../scripts/images/images.ts';
import { serverImage } from '../images/server-images.ts';
import { onPath } from '../tools/programs.ts';
import { KubeClient } from './client.ts';
import { waitForRollout } from './conditions.ts';
import { endHeldCluster, type HeldCluster, heldCluster, hold, loadInto, startHeldCluster } from './holder.ts';
import { sample } from './node/samples.ts';

const NAMESPACE = 'voteapp';

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

/** A cluster with the images of the sources as they are, and a poll made of them. */
async function dev(): Promise<void> {
  const held = await ensured();
  const images = {
    ...(await projectImages(['vote', 'worker', 'front'])),
    mysql: await serverImage('mysql'),
    rabbitmq: await serverImage('rabbitmq'),
  };
  for (const { archive } of Object.values(images)) await loadInto(held, archive);
  const references = Object.fromEntries(Object.entries(images).map(([name, { reference }]) => [name, reference]));
  const client = new KubeClient(held.kubeconfig);
  try {
    await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const applied = await client.applyAll(await sample('poll', references), { namespace: NAMESPACE, force: true });
    for (const { apiVersion, kind, metadata } of applied) {
      if (kind === 'Deployment' || kind === 'StatefulSet')
        await waitForRollout(client, { apiVersion, kind, ...metadata });
    }
  } finally {
    await client.close();
  }
  introduce(held);
  process.stdout.write(
    `# A poll runs in namespace ${NAMESPACE}:
#   kubectl --namespace ${NAMESPACE} port-forward service/poll-vote-service 8080:80
#   kubectl --namespace ${NAMESPACE} port-forward service/poll-front-service 8082:80
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

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { up, down, dev, hold };
const [word = 'up', ...rest] = process.argv.slice(2);
const command = COMMANDS[word];
if (command === undefined || rest.length > 0) {
  process.stderr.write('Usage: npm run cluster [-- up | dev | down]\n');
  process.exitCode = 2;
} else {
  try {
    await command();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

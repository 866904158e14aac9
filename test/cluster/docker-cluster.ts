import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { KubeClient } from './client.ts';
import type { Cluster, Level } from './cluster.ts';
import type { KubernetesRelease } from './go-programs.ts';
import { Keeper, quoted } from './keeper.ts';
import { createNamespace } from './namespace.ts';

const START_LIMIT = '180s';
const ADMISSION = 'NodeRestriction,OwnerReferencesPermissionEnforcement';

const KIND_CONFIGURATION = `apiVersion: kind.x-k8s.io/v1alpha4
kind: Cluster
kubeadmConfigPatches:
  - |
    kind: ClusterConfiguration
    apiServer:
      extraArgs:
        enable-admission-plugins: ${ADMISSION}
`;

/** A cluster to be, by its name and its folder, which has its kubeconfig. */
interface Plan {
  readonly name: string;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly release: KubernetesRelease;
}

/** The command lines of a program that runs clusters in Docker. */
interface Tool {
  readonly create: (plan: Plan) => Promise<readonly (readonly string[])[]>;
  readonly load: (plan: Plan, archive: string) => readonly string[];
  readonly remove: (plan: Plan) => readonly string[];
}

const TOOLS: Readonly<Record<'kind' | 'k3d', Tool>> = {
  kind: {
    async create({ name, folder, kubeconfig, release }) {
      const image = { '1.34': 'kindest/node:v1.34.8', '1.36': 'kindest/node:v1.36.1' }[release];
      const config = join(folder, 'kind.yaml');
      await writeFile(config, KIND_CONFIGURATION);
      const options = ['--config', config, '--image', image, '--kubeconfig', kubeconfig, '--wait', START_LIMIT];
      return [['kind', 'create', 'cluster', '--name', name, ...options]];
    },
    load: ({ name }, archive) => ['kind', 'load', 'image-archive', archive, '--name', name],
    remove: ({ name, kubeconfig }) => ['kind', 'delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig],
  },
  k3d: {
    async create({ name, kubeconfig, release }) {
      const image = { '1.34': 'rancher/k3s:v1.34.6-k3s1', '1.36': 'rancher/k3s:v1.36.2-k3s1' }[release];
      const admission = `--kube-apiserver-arg=enable-admission-plugins=${ADMISSION}@server:*`;
      const options = ['--image', image, '--k3s-arg', admission, '--kubeconfig-update-default=false', '--wait'];
      const write = `k3d kubeconfig get ${name} >${quoted([kubeconfig])}`;
      return [
        ['k3d', 'cluster', 'create', name, ...options, '--timeout', START_LIMIT],
        ['sh', '-c', `umask 077; ${write}`],
      ];
    },
    load: ({ name }, archive) => ['k3d', 'image', 'import', archive, '--cluster', name],
    remove: ({ name }) => ['k3d', 'cluster', 'delete', name],
  },
};

/**
 * Starts a cluster of its own in Docker, by kind or k3d. It never outlives this process, whatever ends that. Throws with
 * what the program said when it does not start.
 */
export async function startDockerCluster(
  source: 'kind' | 'k3d',
  level: Level,
  release: KubernetesRelease,
): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), `voteapp-${source}-`));
  const name = `voteapp-${randomBytes(4).toString('hex')}`;
  const plan: Plan = { name, folder, kubeconfig: join(folder, 'kubeconfig'), release };
  const tool = TOOLS[source];
  const remove = `${quoted(tool.remove(plan))} >/dev/null 2>&1; rm -rf -- ${quoted([folder])}`;
  const keeper = await Keeper.create({ folder, afterwards: ['sh', '-c', remove] });
  try {
    for (const command of await tool.create(plan)) await keeper.run(command);
    const client = new KubeClient(plan.kubeconfig);
    return {
      level,
      source,
      version: await client.release(),
      kubeconfig: plan.kubeconfig,
      client,
      createNamespace: (labels) => createNamespace(client, 'test', labels),
      loadImage: async (archive) => void (await keeper.run(tool.load(plan, archive))),
      async stop() {
        await client.close();
        await keeper.stop();
      },
    };
  } catch (error) {
    await keeper.stop();
    throw error;
  }
}

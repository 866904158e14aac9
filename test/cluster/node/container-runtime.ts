import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { copyFile, cp, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

import { cacheFolder } from '../../tools/debian-root.ts';
import { flagged } from '../control-plane.ts';
import { type Machine, startMachine } from './machine.ts';

const run = promisify(execFile);
const SOCKET = '/run/containerd/containerd.sock';
/** Where a kubelet finds it. */
export const RUNTIME_ENDPOINT = `unix://${SOCKET}`;
/** The image that holds a pod's namespaces. */
const PAUSE = 'localhost/pause:test';
// Its databases are written in place; whatever else it keeps never changes, so that clusters share it by links.
const DATABASES = ['io.containerd.snapshotter.v1.overlayfs/metadata.db', 'io.containerd.metadata.v1.bolt/meta.db'];

const CONFIG = `version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.tracing.processor.v1.otlp"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  stream_server_address = "127.0.0.1"
  # A container without the right to lower its own score could start nothing.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
`;

const NETWORK = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      isDefaultGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.0.0/24' }]] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

const storeOf = (folder: string) => join(folder, 'var/lib/containerd');

/** Starts containerd in a machine; resolves when it serves. Throws with the end of its log. */
export async function startContainerRuntime({ folder, keeper }: Machine): Promise<void> {
  const config = join(folder, 'containerd.toml');
  const network = join(folder, 'network.conflist');
  await writeFile(config, CONFIG);
  await writeFile(network, JSON.stringify(NETWORK));
  await keeper.run(['mkdir', '-p', '/etc/cni/net.d']);
  await keeper.run(['cp', network, '/etc/cni/net.d/pods.conflist']);
  const runtime = await keeper.start('containerd', flagged('containerd', { config }));
  while ((await keeper.tell(`ctr version >/dev/null 2>&1 && echo up`)) !== 'up') {
    if (!(await runtime.running())) throw new Error(`containerd did not start:\n${await keeper.tail('containerd')}`);
    await wait(50);
  }
}

/** Makes the images of an archive, docker's or OCI's, known to a machine's containerd. */
export async function importImages({ folder, keeper }: Machine, archive: string): Promise<void> {
  const seen = join(folder, `import-${basename(archive)}`);
  // A link where the file system has both, for archives are large.
  await link(archive, seen).catch(() => copyFile(archive, seen));
  await keeper.run(['ctr', '--namespace', 'k8s.io', 'images', 'import', seen]);
  await rm(seen);
}

/** A folder of the cache with containerd's store of these archives' images, made once. */
async function filledStore(programs: string, archives: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(archives.map((path) => basename(path)).join(' '));
  const store = join(cacheFolder(), `images-${hash.digest('hex').slice(0, 8)}`);
  if (existsSync(store)) return store;
  const machine = await startMachine(programs);
  try {
    await startContainerRuntime(machine);
    for (const archive of archives) await importImages(machine, archive);
    await machine.keeper.run(['pkill', '-TERM', 'containerd']);
    while ((await machine.keeper.tell('pgrep containerd')) !== '') await wait(20);
    // Another run may have come first; its result is as good.
    await rename(storeOf(machine.folder), store).catch((error: unknown) => {
      if (!existsSync(store)) throw error;
    });
  } finally {
    await machine.keeper.stop();
  }
  // Nodes that were started from another one have links to what they use of it.
  const outdated = globSync(join(cacheFolder(), 'images-*')).filter((path) => path !== store);
  await Promise.all(outdated.map((path) => rm(path, { recursive: true, force: true })));
  return store;
}

/** Fills a machine's containerd, before it starts, with the images of archives that are named by their contents. */
export async function fillStore(programs: string, archives: readonly string[], machine: Machine): Promise<void> {
  const filled = await filledStore(programs, archives);
  const store = storeOf(machine.folder);
  await mkdir(join(store, '..'), { recursive: true });
  await run('cp', ['--archive', '--link', filled, store]);
  for (const database of DATABASES) {
    await rm(join(store, database));
    await cp(join(filled, database), join(store, database));
  }
}

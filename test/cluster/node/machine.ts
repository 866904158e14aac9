import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cacheFolder, debianRoot } from '../../tools/debian-root.ts';
import { Keeper } from '../keeper.ts';

const MACHINE = fileURLToPath(new URL('machine.sh', import.meta.url));
const REMOVE = fileURLToPath(new URL('remove.sh', import.meta.url));
const NAMESPACES = ['--mount', '--pid', '--ipc', '--uts', '--net', '--fork', '--kill-child'];
const RUNTIME = ['containerd', 'runc', 'containernetworking-plugins', 'iptables', 'nftables', 'iproute2'];
const TOOLS = ['base-files', 'bash', 'coreutils', 'dash', 'findutils', 'grep', 'hostname', 'kmod', 'mount', 'procps'];
const FILES = {
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/resolv.conf': '',
};
const PATH = '/usr/local/sbin:/usr/sbin:/usr/bin';

/** A machine of its own in namespaces of this one: processes, network, mounts. It ends with this process. */
export interface Machine {
  /** Seen at the same path from inside; the machine's `/var` is its `var`. */
  readonly folder: string;
  /** Where this machine reaches it. */
  readonly address: string;
  /** Runs processes inside. */
  readonly keeper: Keeper;
}

/** Makes a machine that sees the folder of programs too. Needs root. Throws what the kernel refused. */
export async function startMachine(programs: string): Promise<Machine> {
  const root = await debianRoot('trixie', [...RUNTIME, ...TOOLS, 'sed', 'util-linux'], FILES);
  // Beside the images, which clusters share by links.
  const clusters = join(cacheFolder(), 'clusters');
  await mkdir(clusters, { recursive: true });
  const folder = await mkdtemp(join(clusters, 'voteapp-'));
  const machine = ['bash', MACHINE, String(process.pid), folder, root, programs];
  const keeper = await Keeper.create({
    folder,
    by: ['unshare', ...NAMESPACES, ...machine],
    afterwards: ['bash', REMOVE, folder],
    env: { PATH: `${PATH}:${process.env['PATH'] ?? ''}` },
  });
  return { folder, address: await keeper.greeting(), keeper };
}

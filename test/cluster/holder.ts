import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { cacheFolder } from '../tools/debian-root.ts';
import { askFor, startOnce } from '../tools/started-once.ts';
import { startCluster } from './cluster.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const RECORD = join(cacheFolder(), 'cluster.json');
const LOG = join(cacheFolder(), 'cluster.log');

/** The cluster that stays when the command that started it has ended. */
export interface HeldCluster {
  /** The process that holds it, and the loopback port that it takes archives of images at. */
  readonly pid: number;
  readonly port: number;
  readonly kubeconfig: string;
  readonly version: string;
  readonly kubectl?: string | undefined;
  /** Where Ingresses and Routes are served; absent where nothing acts on them. */
  readonly ingressUrl?: string | undefined;
}

/** Starts a cluster and holds it until SIGTERM. Its record tells others. */
export async function hold(): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const cluster = await startCluster({ level: 'node' });
  const loads = await startOnce(async (archive) => {
    await cluster.loadImage(archive);
    return {};
  });
  const { kubeconfig, version, kubectl, ingressUrl } = cluster;
  const record: HeldCluster = { pid: process.pid, port: loads.port, kubeconfig, version, kubectl, ingressUrl };
  await writeFile(RECORD, JSON.stringify(record), { mode: 0o600 });
  await ended;
  await rm(RECORD, { force: true });
  await loads.stop();
  await cluster.stop();
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The cluster that is held; null when there is none. */
export async function heldCluster(): Promise<HeldCluster | null> {
  if (!existsSync(RECORD)) return null;
  const record = JSON.parse(await readFile(RECORD, 'utf8')) as HeldCluster;
  return runs(record.pid) ? record : null;
}

/** Starts a process that holds a cluster, and resolves when that serves. Throws what the process complained of. */
export async function startHeldCluster(): Promise<HeldCluster> {
  await mkdir(cacheFolder(), { recursive: true });
  await rm(RECORD, { force: true });
  const log = await open(LOG, 'w');
  // A session of its own: it outlives this command and its terminal.
  const holder = spawn(process.execPath, [MAIN, 'hold'], { detached: true, stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  holder.unref();
  const exited = once(holder, 'exit');
  for (;;) {
    const held = await heldCluster();
    if (held !== null) return held;
    const ended = await Promise.race([exited.then(() => true), wait(100, false)]);
    if (ended) throw new Error((await readFile(LOG, 'utf8')).trim());
  }
}

/** Makes the images of an archive known to the cluster, once. */
export async function loadInto({ port }: HeldCluster, archive: string): Promise<void> {
  await askFor(port, archive);
}

/** Ends the cluster; resolves when nothing of it is left. */
export async function endHeldCluster({ pid }: HeldCluster): Promise<void> {
  process.kill(pid, 'SIGTERM');
  while (runs(pid)) await wait(50);
}

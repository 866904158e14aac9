import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../servers/server-process.ts';
import { AUDIT_POLICY } from './audit.ts';
import { KubeClient } from './client.ts';
import type { Cluster } from './cluster.ts';
import { startControlPlane } from './control-plane.ts';
import { Keeper } from './keeper.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { createNamespace } from './namespace.ts';
import { type ClusterUser, writePki } from './pki.ts';

const CLIENTS: readonly ClusterUser[] = ['admin', 'controller-manager', 'scheduler'];
const TRIES = 3;

async function start(source: Cluster['source'], programs: string): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-kubernetes-'));
  const keeper = await Keeper.create({ folder, afterwards: ['rm', '-rf', '--', folder] });
  try {
    const ports = { api: await freePort(), etcd: await freePort(), etcdPeer: await freePort() };
    const pki = join(folder, 'pki');
    const kubeconfig = (user: ClusterUser) => join(folder, `${user}.kubeconfig`);
    await writePki(pki, []);
    for (const user of CLIENTS) {
      await writeKubeconfig(pki, `https://127.0.0.1:${ports.api}`, user, kubeconfig(user));
    }
    const auditPolicy = join(folder, 'audit-policy.yaml');
    const auditLog = join(folder, 'audit.log');
    await writeFile(auditPolicy, AUDIT_POLICY);
    const client = new KubeClient(kubeconfig('admin'));
    const addresses = { bind: '127.0.0.1', address: '127.0.0.1' };
    const plane = { programs, pki, kubeconfig, scratch: folder, ...addresses, ports, auditPolicy, auditLog };
    const parts = await startControlPlane(keeper, plane, client);
    return {
      level: 'api',
      source,
      version: await client.release(),
      kubeconfig: kubeconfig('admin'),
      client,
      kubectl: join(programs, 'kubectl'),
      auditLog,
      parts,
      createNamespace: (labels) => createNamespace(client, 'test', labels),
      async loadImage() {
        throw new Error('A control plane alone has no node that could run an image');
      },
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

/**
 * Starts the control plane whose programs are in a folder, on free loopback ports; needs no root. Throws with the end of
 * the log of the part that did not start.
 */
export async function startApiLevel(source: 'built' | 'kubebuilder', programs: string): Promise<Cluster> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(source, programs);
    } catch (error) {
      // Somebody else may take a free port before it is used.
      if (attempt === TRIES || !String(error).includes('address already in use')) throw error;
    }
  }
}

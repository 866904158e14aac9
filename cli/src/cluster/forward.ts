import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';

import { PortForward } from '@kubernetes/client-node';
import { LABELS, type ServiceName } from '@voteapp/contracts/cluster-objects';
import { PORTS } from '@voteapp/contracts/ports';
import { POD } from '@voteapp/operator/reconcile/kinds';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import { EXIT, Failure } from '../exit-codes.ts';
import type { Cluster } from './cluster.ts';

/** A loopback address that leads to a service of a VotingApp. */
export interface Forwarded {
  readonly url: string;
  close(): Promise<void>;
}

/** The little that is asked of a WebSocket; its own types come with none of our dependencies. */
interface Tunnel {
  addEventListener(type: 'close', told: () => void): void;
  close(): void;
}

function isReady({ metadata, status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: readonly { type: string; status: string }[] };
  return (
    metadata.deletionTimestamp === undefined && conditions.some((it) => it.type === 'Ready' && it.status === 'True')
  );
}

/** Name of a pod of a service that is ready. Throws `Failure` where there is none. */
async function readyPod({ objects }: Cluster, app: AppName, service: ServiceName): Promise<string> {
  const labelSelector = `${LABELS.instance}=${app.name},${LABELS.component}=${service}`;
  const { items } = await objects.list(POD, { namespace: app.namespace, labelSelector });
  const ready = items.find(isReady);
  if (ready !== undefined) return ready.metadata.name;
  const message = `No ${service} pod of ${app.name} is ready: see \`voteapp status ${app.name}\`.`;
  throw new Failure(EXIT.failed, message);
}

export interface AppName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Leads a loopback port to a pod of a service, by the API server; to another one when that pod is gone. Throws `Failure`
 * where no pod is ready.
 */
export async function forward(cluster: Cluster, app: AppName, service: ServiceName): Promise<Forwarded> {
  let known: string | null = await readyPod(cluster, app, service);
  const sockets = new Set<Socket>();

  // The pod may be another one by the next connection.
  function giveUp(socket: Socket): void {
    known = null;
    socket.resetAndDestroy();
  }

  async function lead(socket: Socket): Promise<void> {
    const complaints = new PassThrough();
    complaints.once('data', () => giveUp(socket));
    const pod = (known ??= await readyPod(cluster, app, service));
    const forwarding = new PortForward(cluster.config);
    const opened = forwarding.portForward(app.namespace, pod, [PORTS[service]], socket, complaints, socket);
    const tunnel = (await opened) as Tunnel;
    tunnel.addEventListener('close', () => socket.end());
    socket.once('close', () => tunnel.close());
    if (socket.destroyed) tunnel.close();
    socket.resume();
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    lead(socket).catch(() => giveUp(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

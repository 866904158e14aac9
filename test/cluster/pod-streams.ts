import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';

import { Exec, type KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';

interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** What a command in a container did. */
export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A loopback port that leads to a pod's. */
export interface ForwardedPort {
  readonly port: number;
  close(): Promise<void>;
}

function exitCode({ status, reason, message, details }: V1Status): number {
  if (status === 'Success') return 0;
  const code = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (reason !== 'NonZeroExitCode' || code === undefined) throw new Error(message);
  return Number(code);
}

/** The little that is asked of a WebSocket; its own types come with none of our dependencies. */
interface Channel {
  addEventListener(type: 'close', told: () => void): void;
  close(): void;
}

/** A failed handshake is told as an event. */
function asError(what: string, event: unknown): Error {
  const { message = 'the connection failed' } = event as { message?: string };
  return new Error(`${what}: ${message}`, { cause: event });
}

/** Runs a command in a container. Throws when it could not be started or the connection broke. */
export async function execute(
  config: KubeConfig,
  { namespace, name }: PodName,
  container: string,
  command: readonly string[],
): Promise<ExecResult> {
  const what = `exec in pod ${namespace}/${name}`;
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const ended = Promise.withResolvers<V1Status>();
  // Asked for before anything is known to fail.
  ended.promise.catch(() => {});
  const running = new Exec(config);
  const told = ended.resolve;
  const opened = running.exec(
    namespace,
    name,
    container,
    [...command],
    stdout,
    stderr,
    null,
    false,
    told,
  ) as Promise<Channel>;
  const socket = await opened.catch((event: unknown) => {
    throw asError(what, event);
  });
  socket.addEventListener('close', () => ended.reject(new Error(`${what}: the connection closed before the end`)));
  const status = ended.promise.finally(() => {
    stdout.end();
    stderr.end();
    socket.close();
  });
  const [out, err, end] = await Promise.all([text(stdout), text(stderr), status]);
  return { stdout: out, stderr: err, code: exitCode(end) };
}

/** Leads a port of its own to a pod's. A connection that the pod refuses is reset. */
export async function forwardPort(
  config: KubeConfig,
  { namespace, name }: PodName,
  port: number,
): Promise<ForwardedPort> {
  const sockets = new Set<Socket>();

  async function forward(socket: Socket): Promise<void> {
    const complaints = new PassThrough();
    complaints.once('data', () => socket.resetAndDestroy());
    const forwarding = new PortForward(config).portForward(namespace, name, [port], socket, complaints, socket);
    const tunnel = (await forwarding) as Channel;
    tunnel.addEventListener('close', () => socket.end());
    socket.once('close', () => tunnel.close());
    if (socket.destroyed) tunnel.close();
    socket.resume();
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    forward(socket).catch(() => socket.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

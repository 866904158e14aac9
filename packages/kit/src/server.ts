import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** The address is taken or may not be used; the text says which and what to do. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

/** How long a request may take to arrive, in ms; after that the connection gets 408. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * How long an idle connection is kept, in ms: longer than the 60 s after which load balancers (nginx, AWS) close theirs.
 * With the 5 s of Node, a request that such a proxy sends in the same moment would be answered with a reset.
 */
const KEEP_ALIVE_MS = 65_000;

/** Sees connections before the server does. */
export interface Lane {
  /** `keepAliveMs`: how long an idle connection is kept; `serve` gives it to the server, for good. */
  take(socket: Socket, keepAliveMs: number, serve: () => void): void;
  /** Ends the connections that it has kept and over which nothing is under way. */
  closeIdle(): void;
}

export interface ServerOptions {
  /** The JSON text of the 408 that a request gets which does not arrive in time. */
  readonly timeoutBody: string;
  /** Default: 10 s. */
  readonly requestTimeoutMs?: number;
  readonly lane?: Lane;
}

interface Connections {
  // Browsers and connection pools open connections in advance, and Node does not count one that was never used as idle.
  readonly sockets: Set<Socket>;
  readonly lane: Lane | undefined;
}

const connectionsOf = new WeakMap<Server, Connections>();

/** Lets `lane` have each connection first. A server serves those that it is told of by the event `connection`. */
function goThrough(lane: Lane, server: Server): void {
  const own = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    lane.take(socket, KEEP_ALIVE_MS, () => {
      for (const listener of own) Reflect.apply(listener, server, [socket]);
    });
  });
}

/** A server that gives up on requests that do not arrive in time. */
export function createHttpServer(listener: RequestListener, options: ServerOptions): Server {
  const { timeoutBody, requestTimeoutMs = REQUEST_TIMEOUT_MS, lane } = options;
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(500, requestTimeoutMs),
    },
    listener,
  );
  const sockets = new Set<Socket>();
  connectionsOf.set(server, { sockets, lane });
  if (lane !== undefined) goThrough(lane, server);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    const status = timedOut ? '408 Request Timeout' : '400 Bad Request';
    const body = timedOut ? timeoutBody : '';
    const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
    socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  });
  return server;
}

/** Resolves with the port in use (`port` 0: a free one). Rejects with {@link CannotListen}. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'is in use by another program; stop it or choose another port' : error.message;
      reject(new CannotListen(`The address ${host}:${port} ${reason}.`, { cause: error }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Takes no more connections, lets running requests finish for `graceMs`, then cuts what is left. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const { sockets, lane } = connectionsOf.get(server) ?? { sockets: [], lane: undefined };
  // A kept-alive connection is idle only once its last answer is out, and would then stay for seconds.
  const idle = setInterval(() => {
    server.closeIdleConnections();
    lane?.closeIdle();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, 20);
  const limit = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(limit);
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { KubeConfig } from '@kubernetes/client-node';

/** A request that arrived, and its answer. */
export class Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly response: ServerResponse;

  constructor(request: IncomingMessage, body: string, response: ServerResponse) {
    const url = new URL(request.url ?? '', 'http://wire');
    this.method = request.method ?? '';
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = request.headers;
    this.body = body;
    this.response = response;
  }

  get isWatch(): boolean {
    return this.query.get('watch') === 'true';
  }

  answer(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): void {
    this.response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  }

  refuse(code: number, reason = '', headers?: Readonly<Record<string, string>>): void {
    this.answer({ kind: 'Status', status: 'Failure', code, reason, message: `refused with ${code}` }, code, headers);
  }

  send(...events: readonly { readonly type: string; readonly object: unknown }[]): void {
    if (!this.response.headersSent) {
      this.response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    }
    if (events.length > 0) this.response.write(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }

  /** Ends the connection as a server does that dies. */
  reset(): void {
    this.response.socket?.resetAndDestroy();
  }
}

export interface Wire {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  readonly watches: readonly Exchange[];
  readonly lists: readonly Exchange[];
  /** How many connections there have been. */
  readonly connections: number;
  /** How many there are. */
  readonly openConnections: number;
  readonly config: KubeConfig;
  close(): Promise<void>;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A kubeconfig for a server, which is trusted by its certificate where it has one. */
export function configOf(url: string, ca?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      {
        name: 'wire',
        server: url,
        ...(ca === undefined ? { skipTLSVerify: true } : { caData: Buffer.from(ca).toString('base64') }),
      },
    ],
    users: [{ name: 'user', token: 'secret' }],
    contexts: [{ name: 'wire', cluster: 'wire', user: 'user' }],
    currentContext: 'wire',
  });
  return config;
}

/** A server that answers as the test says: what is faked is the wire, not the API server's behaviour. */
export async function startWire(
  answer: (exchange: Exchange) => void | Promise<void>,
  certificate?: Certificate,
): Promise<Wire> {
  const exchanges: Exchange[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void (async () => {
      const exchange = new Exchange(request, await text(request), response);
      exchanges.push(exchange);
      await answer(exchange);
    })();
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.on(certificate === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scheme = certificate === undefined ? 'http' : 'https';
  const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    exchanges,
    get watches() {
      return exchanges.filter(({ isWatch }) => isWatch);
    },
    get lists() {
      return exchanges.filter(({ isWatch }) => !isWatch);
    },
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    config: configOf(url, certificate?.ca),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

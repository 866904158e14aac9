import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import type { Identity } from '../tools/authority.ts';

interface Manifest {
  readonly mediaType?: string;
  readonly config?: { readonly digest: string };
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform: { readonly architecture: string; readonly os: string };
  }[];
}

interface Content {
  readonly type: string;
  readonly size: number;
  readonly digest: string;
  /** Null where it is large: layers, which nobody asks for. */
  readonly content: Buffer | null;
}

const KEPT_BYTES = 1 << 20;

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** A registry that takes what is pushed, by TLS, and keeps it for as long as it runs. */
export class PlayedRegistry {
  readonly #contents = new Map<string, Content>();
  readonly #uploads = new Map<string, Buffer[]>();
  readonly #server;

  private constructor({ certificate: cert, key }: Identity) {
    this.#server = createServer({ cert, key }, (request, response) => void this.#answer(request, response));
  }

  static async start(identity: Identity): Promise<PlayedRegistry> {
    const registry = new PlayedRegistry(identity);
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  /** As "localhost:5000". */
  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What it has under a name, as "poll/voteapp-vote:1.2.0", or a digest. */
  manifest(name: string, reference: string): Manifest | undefined {
    return this.#parsed(`/v2/${name}/manifests/${reference}`) as Manifest | undefined;
  }

  blob(name: string, digest: string): unknown {
    return this.#parsed(`/v2/${name}/blobs/${digest}`);
  }

  #parsed(path: string): unknown {
    const text = this.#contents.get(path)?.content?.toString();
    return text === undefined ? undefined : JSON.parse(text);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'https://localhost');
    const body = await buffer(request);
    if (path === '/v2/') response.writeHead(200).end();
    else if (request.method === 'GET' || request.method === 'HEAD') this.#give(path, request.method, response);
    else if (path.includes('/blobs/uploads/')) this.#take(path, searchParams.get('digest'), body, request, response);
    else this.#name(path, body, request, response);
  }

  #give(path: string, method: string, response: ServerResponse): void {
    const found = this.#contents.get(path);
    if (found === undefined) {
      response.writeHead(404).end('{"errors": [{"code": "NOT_FOUND"}]}');
      return;
    }
    const { content, type, size, digest } = found;
    const headers = { 'content-type': type, 'content-length': size, 'docker-content-digest': digest };
    response.writeHead(200, headers).end(method === 'HEAD' ? undefined : content);
  }

  /** A blob, which comes at once or in parts. */
  #take(path: string, digest: string | null, body: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const upload = request.method === 'POST' ? `${path}${randomUUID()}` : path;
    const parts = [...(this.#uploads.get(upload) ?? []), body];
    if (digest === null) {
      this.#uploads.set(upload, parts);
      const end = Math.max(0, Buffer.concat(parts).length - 1);
      response.writeHead(202, { location: upload, range: `0-${end}` }).end();
      return;
    }
    const content = Buffer.concat(parts);
    this.#uploads.delete(upload);
    const isWhole = digestOf(content) === digest;
    if (isWhole) this.#keep([path.replace(/\/uploads\/.*/, `/${digest}`)], content, 'application/octet-stream');
    response.writeHead(isWhole ? 201 : 400, { 'docker-content-digest': digest }).end();
  }

  /** A manifest, by its tag or its digest. */
  #name(path: string, content: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const digest = digestOf(content);
    this.#keep([path, path.replace(/[^/]+$/, digest)], content, request.headers['content-type'] ?? '');
    response.writeHead(201, { 'docker-content-digest': digest }).end();
  }

  #keep(paths: readonly string[], content: Buffer, type: string): void {
    const { length: size } = content;
    const kept = { type, size, digest: digestOf(content), content: size > KEPT_BYTES ? null : content };
    for (const path of paths) this.#contents.set(path, kept);
  }
}

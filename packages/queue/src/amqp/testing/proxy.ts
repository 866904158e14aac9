import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

interface Target {
  readonly host: string;
  readonly port: number;
}

/** A network in front of a broker: it can be cut, fall silent and be away. With a certificate it ends TLS. */
export class Proxy {
  readonly host = '127.0.0.1';
  readonly #target: Target;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #muted = new WeakSet<readonly [Socket, Socket]>();
  #port = 0;
  #silent = false;
  #disguise: readonly [string, string] | undefined;

  private constructor(target: Target, certificate?: TlsOptions) {
    this.#target = target;
    const take = (socket: Socket): void => this.#take(socket);
    // The end of one side is told to the other by `pipe`, and to nobody while there is silence.
    this.#server =
      certificate === undefined ? createServer({ allowHalfOpen: true }, take) : createTlsServer(certificate, take);
    this.#server.on('tlsClientError', () => {});
  }

  static async start(target: Target, certificate?: TlsOptions): Promise<Proxy> {
    const proxy = new Proxy(target, certificate);
    await proxy.appear();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get address(): { host: string; port: number } {
    return { host: this.host, port: this.port };
  }

  /** Breaks every connection; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Connections stay and new ones are taken, but nothing comes through. */
  silence(): void {
    this.#silent = true;
    for (const pair of this.#pairs) {
      this.#muted.add(pair);
      for (const socket of pair) socket.unpipe().pause();
    }
  }

  /** New connections work again; those of before stay silent. */
  speak(): void {
    this.#silent = false;
  }

  /** Replaces what the broker says by something of the same length. */
  disguise(said: string, heard: string): void {
    this.#disguise = [said, heard];
  }

  /** Breaks every connection and takes no new ones. */
  async disappear(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async appear(): Promise<void> {
    this.#server.listen(this.#port, this.host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #take(client: Socket): void {
    const broker = connect({ ...this.#target, noDelay: true, allowHalfOpen: true });
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    if (this.#silent) this.#muted.add(pair);
    const end = (): void => {
      if (this.#muted.has(pair)) return;
      this.#pairs.delete(pair);
      client.destroy();
      broker.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    if (this.#silent) return;
    client.pipe(broker);
    if (this.#disguise === undefined) broker.pipe(client);
    else {
      const [said, heard] = this.#disguise;
      broker.on('end', () => client.end());
      broker.on('data', (chunk) => client.write(chunk.toString('latin1').replace(said, heard), 'latin1'));
    }
  }
}

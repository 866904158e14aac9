import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A network between a service and a server: it can be cut, fall silent, be slow and lose connections. */
export class Proxy {
  /** How long each piece of data is on its way, ms. */
  delayMs = 0;
  /** Share of the pieces of data at which the connection breaks instead. */
  resets = 0;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #silent = new WeakSet<readonly [Socket, Socket]>();
  #accepted = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect({ host: '127.0.0.1', port, noDelay: true });
      client.setNoDelay(true);
      const pair = [client, server] as const;
      this.#accepted += 1;
      this.#pairs.add(pair);
      this.#lead(pair, client, server);
      this.#lead(pair, server, client);
    });
  }

  /** In front of a port of this machine. */
  static async start(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Breaks every connection; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) this.#break(pair);
  }

  /** Half-open: connections stay, and nothing comes through any more, not even their end. New ones work. */
  silence(): void {
    for (const pair of this.#pairs) this.#silent.add(pair);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #lead(pair: readonly [Socket, Socket], from: Socket, to: Socket): void {
    // TCP keeps the order: what comes when the delay has become shorter still waits for what is on its way.
    const onTheWay: Buffer[] = [];
    from.on('data', (data: Buffer) => {
      if (this.#silent.has(pair)) return;
      if (Math.random() < this.resets) this.#break(pair);
      else if (this.delayMs === 0 && onTheWay.length === 0) to.write(data);
      else {
        onTheWay.push(data);
        setTimeout(() => to.write(onTheWay.shift()!), this.delayMs);
      }
    });
    from.on('error', () => {});
    to.on('error', () => {});
    from.on('close', () => {
      if (!this.#silent.has(pair)) this.#break(pair);
    });
  }

  #break(pair: readonly [Socket, Socket]): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }
}

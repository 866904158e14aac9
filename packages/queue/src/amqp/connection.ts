import { type Channel, type ChannelModel, connect, type ConfirmChannel, type SocketOptions } from 'amqplib';

import { QueueMisconfigured, QueueUnavailable } from '../port.ts';
import type { Session } from './reconnecting.ts';
import { within } from '../within.ts';

/** RabbitMQ's own advice: below 5 s a busy peer is taken for a dead one. Silence is noticed after 10 to 15 s. */
const HEARTBEAT_S = 5;
const OPEN_LIMIT_MS = 5_000;
const CLOSE_LIMIT_MS = 500;
const OLDEST_RABBITMQ = [4, 1] as const;
const PRECONDITION_FAILED = 406;

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  /** Present: the broker must prove by a certificate that it is `host`; `ca` (PEM) replaces the system's authorities. */
  readonly tls?: { readonly ca?: string };
}

/** A connection to a RabbitMQ that is new enough, with `host:port` and a reason in all its errors. */
export class BrokerConnection implements Session {
  readonly lost: Promise<Error>;
  readonly #model: ChannelModel;
  readonly #name: string;

  private constructor(model: ChannelModel, name: string, socket: AbortController) {
    this.#model = model;
    this.#name = name;
    model.on('error', ignore); // 'close' follows
    this.lost = new Promise((resolve) => {
      model.once('close', (error) => {
        resolve(unavailable(name, error ?? new Error('closed')));
        // amqplib only ends its side of the socket: one that is half-open would stay for minutes.
        setTimeout(() => socket.abort(), CLOSE_LIMIT_MS).unref();
      });
    });
  }

  /**
   * Rejects with QueueUnavailable and QueueMisconfigured. `title` is what the broker shows to its operator; the signal
   * ends the connection at any time.
   */
  static async open(
    address: BrokerAddress,
    { title, heartbeatS = HEARTBEAT_S }: { readonly title: string; readonly heartbeatS?: number | undefined },
    signal: AbortSignal,
  ): Promise<BrokerConnection> {
    const { host, port, user, password, vhost, tls } = address;
    const name = nameOf(address);
    const socket = new AbortController();
    const options: SocketOptions & { readonly signal: AbortSignal } = {
      ...(tls?.ca !== undefined && { ca: tls.ca }),
      // With Nagle's algorithm a confirm waits 40 ms for the delayed acknowledgement of a half-sent message.
      noDelay: true,
      timeout: OPEN_LIMIT_MS,
      clientProperties: { connection_name: title },
      signal: AbortSignal.any([signal, socket.signal]),
    };
    try {
      const model = await connect(
        {
          protocol: tls === undefined ? 'amqp' : 'amqps',
          hostname: host,
          port,
          username: user,
          password,
          vhost: encodeURIComponent(vhost),
          heartbeat: heartbeatS,
        },
        options,
      );
      const connection = new BrokerConnection(model, name, socket);
      const { product, version } = model.connection.serverProperties;
      if (product === 'RabbitMQ' && isTooOld(version)) {
        await connection.close();
        throw new QueueMisconfigured(`${name} is version ${version}; the oldest that will do is 4.1.`);
      }
      return connection;
    } catch (error) {
      socket.abort();
      throw error instanceof QueueMisconfigured ? error : unavailable(name, error);
    }
  }

  onBlocked(blocked: () => void, unblocked: () => void): void {
    this.#model.on('blocked', blocked);
    this.#model.on('unblocked', unblocked);
  }

  async openChannel(): Promise<BrokerChannel<Channel>> {
    return this.#open(() => this.#model.createChannel());
  }

  async openConfirmChannel(): Promise<BrokerChannel<ConfirmChannel>> {
    return this.#open(() => this.#model.createConfirmChannel());
  }

  /** Runs a task on a channel of its own, for a request that fails costs its channel. */
  async request<T>(task: (channel: Channel) => Promise<T>): Promise<T> {
    const { channel } = await this.openChannel();
    const result = await this.guard(task(channel));
    channel.close().catch(ignore);
    return result;
  }

  /** Makes the rejection of a request one of QueueUnavailable or QueueMisconfigured. */
  async guard<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === PRECONDITION_FAILED) throw new QueueMisconfigured(`${this.#name}: ${complaintOf(error)}`);
      throw this.unavailable(error);
    }
  }

  unavailable(reason: unknown): QueueUnavailable {
    return unavailable(this.#name, reason);
  }

  async close(): Promise<void> {
    this.#model.close().catch(ignore);
    await comes(this.lost);
  }

  async #open<C extends Channel>(create: () => Promise<C>): Promise<BrokerChannel<C>> {
    const channel = await this.guard(create());
    const lost = Promise.withResolvers<Error>();
    let reason: unknown = 'the channel was closed';
    channel.on('error', (error) => (reason = error));
    channel.once('close', () => lost.resolve(this.unavailable(reason)));
    const close = async (): Promise<void> => {
      // Its promise never settles when the connection breaks meanwhile.
      channel.close().catch(ignore);
      if (!(await comes(lost.promise))) lost.resolve(this.unavailable(reason));
    };
    return { channel, lost: lost.promise, close };
  }
}

export interface BrokerChannel<C extends Channel> extends Session {
  readonly channel: C;
}

/** Whether a broker that was asked to close has answered. */
async function comes(lost: Promise<Error>): Promise<boolean> {
  const late = (): Error => new Error('late');
  return within(CLOSE_LIMIT_MS, lost, late).then(
    () => true,
    () => false,
  );
}

function ignore(): void {}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_RABBITMQ[0] || (major === OLDEST_RABBITMQ[0] && minor < OLDEST_RABBITMQ[1]);
}

function unavailable(name: string, error: unknown): QueueUnavailable {
  return new QueueUnavailable(`${name}: ${reasonOf(error)}`);
}

function nameOf({ host, port }: BrokerAddress): string {
  return `RabbitMQ at ${host}:${port}`;
}

export function notConnected(address: BrokerAddress): string {
  return `${nameOf(address)} is not connected.`;
}

/** What may be logged of it: the broker's own words, which amqplib puts behind `with message`, can name the user. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split(' with message ', 1)[0] ?? '';
}

/** The broker's words about a queue that is not as it is declared, which name no user. */
function complaintOf(error: unknown): string {
  return /PRECONDITION_FAILED - ([^"]*)/.exec((error as Error).message)?.[1] ?? reasonOf(error);
}

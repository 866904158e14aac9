import { createHash } from 'node:crypto';

import type { KubeConfig, RequestContext } from '@kubernetes/client-node';

export type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

const CONNECT_LIMIT_MS = 5000;

interface Made {
  readonly type: string;
  readonly connect?: object;
  readonly requestTls?: object;
}

/** What a `KubeConfig` makes its sockets with. */
interface Maker {
  createDispatcherOptions(...from: readonly unknown[]): Made;
  createDispatcher(...from: readonly unknown[]): Dispatcher | undefined;
}

function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/**
 * The sockets of a kubeconfig, which are kept until its server or certificates change. Left alone, a kubeconfig makes
 * new ones, and so a TLS handshake, for every request.
 */
export class Dispatchers {
  /** The kubeconfig, but for how it makes sockets. */
  readonly #config: KubeConfig;
  #made: { readonly of: string; readonly dispatcher: Dispatcher } | null = null;
  readonly #leaving = new Set<Dispatcher>();
  #isClosed = false;

  constructor(config: KubeConfig) {
    const maker = config as unknown as Maker;
    const own = Object.create(maker) as Maker;
    own.createDispatcherOptions = (...from) => {
      const made = maker.createDispatcherOptions(...from);
      // A lost connection of HTTP/2 would take every stream with it, and its loss is noticed late.
      const connect = { ...made.connect, timeout: CONNECT_LIMIT_MS, allowH2: false };
      // A server that needs no certificates of its own gets the dispatcher of the process, which nobody may close.
      if (made.type === 'none' || made.type === 'agent') return { ...made, type: 'agent', connect };
      return { ...made, connect, requestTls: { ...made.requestTls, timeout: CONNECT_LIMIT_MS, allowH2: false } };
    };
    own.createDispatcher = (...from) => {
      const of = fingerprint(from);
      if (this.#made?.of !== of) this.#replace(of, maker.createDispatcher.apply(own, [...from]));
      return this.#made?.dispatcher;
    };
    this.#config = own as unknown as KubeConfig;
  }

  #replace(of: string, dispatcher: Dispatcher | undefined): void {
    const former = this.#made?.dispatcher;
    this.#made = dispatcher === undefined ? null : { of, dispatcher };
    if (former === undefined) return;
    this.#leaving.add(former);
    // What is on its sockets may end; a watch does within ten minutes.
    void former.close().finally(() => this.#leaving.delete(former));
  }

  /**
   * Gives a request what the user is known by, and the way to the server. Certificate and token files are read anew.
   * Throws once it is closed, for a request that has waited for its turn since.
   */
  async authorise(context: RequestContext): Promise<Dispatcher> {
    if (this.#isClosed) throw new Error('the connection was closed');
    await this.#config.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher === undefined) throw new Error(`There is no way to ${context.getUrl()}`);
    return dispatcher;
  }

  /** Ends all sockets, and what is on them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#leaving, ...(this.#made === null ? [] : [this.#made.dispatcher])];
    this.#made = null;
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }
}

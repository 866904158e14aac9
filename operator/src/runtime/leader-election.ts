import type { Logger } from '@voteapp/kit/log';

import { wait as waitByTimer, type Wait } from './backoff.ts';
import type { KernelMetrics } from './metrics.ts';
import { microTime } from './micro-time.ts';
import type { Kind, KubeObject } from './object.ts';
import type { Objects } from './objects.ts';

export const LEASE: Kind = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** In ms. Each is to be shorter than the one before. */
export interface LeaseDurations {
  /** For how long others leave a lease alone that they see no change of; whole seconds. */
  readonly lease: number;
  /** For how long a leader leads without a renewal. */
  readonly renewDeadline: number;
  /** Between two tries. */
  readonly retryPeriod: number;
}

const DURATIONS: LeaseDurations = { lease: 15_000, renewDeadline: 10_000, retryPeriod: 2000 };
// So that candidates do not all try at one moment.
const JITTER = 0.2;

export interface LeaderElectionOptions {
  readonly objects: Pick<Objects, 'get' | 'create' | 'replace'>;
  /** Of the lease. */
  readonly namespace: string;
  /** Of the lease, and of the manager of its fields. */
  readonly name: string;
  /** Of this process: no other one may ever have it. */
  readonly identity: string;
  /** Default: 15, 10 and 2 s. */
  readonly durations?: LeaseDurations;
  /** A clock that never goes back and does not stop while the process does, in ms. */
  readonly now?: () => number;
  /** The clock of the world, in ms; for people to read. */
  readonly worldNow?: () => number;
  readonly random?: () => number;
  readonly wait?: Wait;
  /** Whether the work makes progress: a leader that does not is to be followed by another. */
  readonly isHealthy?: () => boolean;
  readonly log: Logger;
  readonly metrics?: KernelMetrics;
  readonly onStarted: () => void;
  /** Ends the work. What it throws ends the process: work that cannot be ended must not go on beside another leader's. */
  readonly onStopped: () => void | Promise<void>;
}

interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
  readonly [field: string]: unknown;
}

function specOf(lease: KubeObject): LeaseSpec {
  return (lease['spec'] ?? {}) as LeaseSpec;
}

/**
 * One process of several that leads, by a Lease. Another's lease ends when this process has seen no change of it for its
 * duration, by the clock of this process. Losing it ends the work, and the process goes on competing.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #durations: LeaseDurations;
  readonly #now: () => number;
  readonly #wait: Wait;
  /** When the renewal was sent that succeeded last; null when this process does not lead. */
  #renewedAt: number | null = null;
  /** As it was read or written last; null when that is not known. */
  #lease: KubeObject | null = null;
  /** The version of another's lease, and when this process saw it first. */
  #seen: { readonly version: string | undefined; readonly at: number } | null = null;
  #stopping: AbortController | null = null;
  #run: Promise<void> = Promise.resolve();

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#durations = options.durations ?? DURATIONS;
    this.#now = options.now ?? (() => performance.now());
    this.#wait = options.wait ?? waitByTimer;
    this.#show(false);
  }

  /** Computed at every look: timers do not fire in a process that is frozen, nor at once when it goes on. */
  get isLeader(): boolean {
    return this.#leftMs() > 0;
  }

  /** Competes until it is stopped. */
  start(): void {
    if (this.#stopping !== null) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#run = this.#run.then(() => this.#compete(stopping.signal));
  }

  /** Ends the work, then gives the lease away. A leader keeps its lease while its work ends. */
  async stop(): Promise<void> {
    this.#stopping?.abort();
    this.#stopping = null;
    await this.#run;
  }

  #leftMs(): number {
    if (this.#renewedAt === null) return 0;
    return Math.max(0, this.#renewedAt + this.#durations.renewDeadline - this.#now());
  }

  #show(isLeader: boolean): void {
    this.#options.metrics?.isLeader.set({ name: this.#options.name }, isLeader ? 1 : 0);
  }

  async #compete(signal: AbortSignal): Promise<void> {
    const { random = Math.random, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#tryToAcquire();
      } catch (error) {
        log.debug({ err: error }, 'Could not take the lease');
      }
      if (this.isLeader) await this.#lead(signal);
      this.#renewedAt = null;
      await this.#wait(this.#durations.retryPeriod * (1 + JITTER * random()), signal);
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { onStarted, onStopped, identity, log } = this.#options;
    log.info({ identity }, 'Became the leader');
    this.#show(true);
    onStarted();
    await this.#hold(signal);
    const ended = new AbortController();
    const ending = (async () => onStopped())().finally(() => ended.abort());
    // Work that ends takes its time, and nobody else may begin meanwhile.
    if (this.isLeader) await this.#hold(ended.signal);
    await ending;
    if (this.isLeader) await this.#release();
    else log.warn({ identity }, 'Lost the lease');
    this.#renewedAt = null;
    this.#show(false);
  }

  /** Renews until the lease is lost or the signal aborts. */
  async #hold(signal: AbortSignal): Promise<void> {
    const { isHealthy = () => true, log } = this.#options;
    while (!signal.aborted && this.isLeader) {
      await this.#wait(Math.min(this.#durations.retryPeriod, this.#leftMs()), signal);
      if (signal.aborted || !this.isLeader) return;
      try {
        if (isHealthy()) await this.#renew();
        else log.warn('The lease is not renewed: the work makes no progress');
      } catch (error) {
        log.warn({ err: error }, 'Could not renew the lease, will be tried again');
      }
    }
  }

  /** One slow answer must not cost the lease, and none be waited for once it is lost. */
  #limits(): { readonly timeoutMs: number } {
    const half = this.#durations.renewDeadline / 2;
    return { timeoutMs: this.#renewedAt === null ? half : Math.min(half, this.#leftMs()) };
  }

  async #read(): Promise<KubeObject | null> {
    const { objects, namespace, name } = this.#options;
    return await objects.get(LEASE, { namespace, name }, this.#limits());
  }

  #isMine(lease: KubeObject): boolean {
    return specOf(lease).holderIdentity === this.#options.identity;
  }

  async #tryToAcquire(): Promise<void> {
    const { isHealthy = () => true } = this.#options;
    const lease = await this.#read();
    if (lease !== null && !this.#isFree(lease)) return;
    if (!isHealthy()) return;
    await this.#write(lease);
  }

  #isFree(lease: KubeObject): boolean {
    const { holderIdentity, leaseDurationSeconds } = specOf(lease);
    if (!holderIdentity || this.#isMine(lease)) return true;
    const version = lease.metadata.resourceVersion;
    if (this.#seen === null || this.#seen.version !== version) this.#seen = { version, at: this.#now() };
    const durationMs = leaseDurationSeconds ? leaseDurationSeconds * 1000 : this.#durations.lease;
    return this.#now() - this.#seen.at > durationMs;
  }

  async #renew(): Promise<void> {
    const lease = this.#lease ?? (await this.#read());
    if (lease !== null && !this.#isMine(lease)) {
      this.#renewedAt = null;
      return;
    }
    await this.#write(lease);
  }

  /** Makes the lease this process's, if it is what it was still. */
  async #write(former: KubeObject | null): Promise<void> {
    const { objects, identity, namespace, name, worldNow = Date.now } = this.#options;
    const was = former === null ? {} : specOf(former);
    const isNew = was.holderIdentity !== identity;
    const time = microTime(worldNow());
    const spec = {
      ...was,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#durations.lease / 1000),
      acquireTime: isNew ? time : was.acquireTime,
      renewTime: time,
      leaseTransitions: former === null ? 0 : (was.leaseTransitions ?? 0) + (isNew ? 1 : 0),
    };
    // A write whose answer is lost may have been done, and then the version is another one.
    this.#lease = null;
    const sentAt = this.#now();
    const options = { manager: name, ...this.#limits() };
    this.#lease =
      former === null
        ? await objects.create(
            LEASE,
            { apiVersion: LEASE.apiVersion, kind: LEASE.kind, metadata: { namespace, name }, spec },
            options,
          )
        : await objects.replace(LEASE, { ...former, spec }, options);
    // Others count from when they see the renewal, which is later.
    this.#renewedAt = sentAt;
  }

  async #release(): Promise<void> {
    const { objects, identity, name, worldNow = Date.now, log } = this.#options;
    this.#renewedAt = null;
    try {
      const lease = this.#lease ?? (await this.#read());
      if (lease === null || !this.#isMine(lease)) return;
      const spec = { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(worldNow()) };
      await objects.replace(LEASE, { ...lease, spec }, { manager: name, ...this.#limits() });
      log.info({ identity }, 'Released the lease');
    } catch (error) {
      log.warn({ err: error }, 'Could not release the lease; it ends by itself');
    } finally {
      this.#lease = null;
    }
  }
}

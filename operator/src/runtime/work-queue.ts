import type { Logger } from '@voteapp/kit/log';

import type { BackoffMs } from './backoff.ts';
import type { KernelMetrics, ReconcileResult } from './metrics.ts';

const CONCURRENCY = 10;
const BACKOFF_MS: BackoffMs = { first: 5, longest: 16 * 60_000 };
const RETRY_RATE: RetryRate = { perSecond: 10, burst: 100 };
const LONGEST_DELAY_MS = 10 * 60_000;
const DRAIN_MS = 20_000;
const ABORT_MS = 5000;

/** When to run the key again although nothing changes: after that many ms. */
export type Result = { readonly requeueAfterMs?: number } | void;

/** Of all keys together. */
export interface RetryRate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface WorkQueueOptions {
  /** What metrics call it. */
  readonly name: string;
  /** Brings what the key names into its state; what it throws is logged and makes it run again. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Result>;
  /** Most runs at a time. Default: 10. */
  readonly concurrency?: number;
  readonly log: Logger;
  readonly metrics?: KernelMetrics;
  /** A clock that never goes back, in ms. */
  readonly now?: () => number;
  /** Of a key that fails again and again. Default: 5 ms to 16 min. */
  readonly backoffMs?: BackoffMs;
  /** Default: 10 a second, after a burst of 100. */
  readonly retryRate?: RetryRate;
  /** How long `stop` waits before it aborts, and then for what was aborted. Default: 20 s and 5 s. */
  readonly drainMs?: number;
  readonly abortMs?: number;
}

interface Failures {
  readonly count: number;
  readonly message: string;
}

interface Delayed {
  readonly at: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Runs keys: each once however often it was added meanwhile, never twice at a time, in the order of adding. A key that
 * is added during its run is run once more.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #concurrency: number;
  readonly #now: () => number;
  readonly #backoffMs: BackoffMs;
  readonly #rate: RetryRate;
  /** By when they were added. */
  readonly #waiting = new Map<string, number>();
  /** By when they began. */
  readonly #running = new Map<string, number>();
  readonly #addedWhileRunning = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, Failures>();
  readonly #runs = new Set<Promise<void>>();
  /** Of runs that begin now; null while stopped. */
  #abort: AbortController | null = null;
  #tokens: number;
  #tokensAt: number;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? CONCURRENCY;
    this.#now = options.now ?? (() => performance.now());
    this.#backoffMs = options.backoffMs ?? BACKOFF_MS;
    this.#rate = options.retryRate ?? RETRY_RATE;
    this.#tokens = this.#rate.burst;
    this.#tokensAt = this.#now();
    const { name, metrics } = options;
    metrics?.mostWorkers.set({ controller: name }, this.#concurrency);
    metrics?.probe(name, {
      runSeconds: () => [...this.#running.values()].map((from) => (this.#now() - from) / 1000),
    });
  }

  /** Whether no key runs or waits for its turn; keys whose time is to come do not count. */
  get idle(): boolean {
    return this.#running.size === 0 && this.#waiting.size === 0;
  }

  /** For how long the oldest run under way has been, in ms; 0 when there is none. */
  get longestRunMs(): number {
    return Math.max(0, ...[...this.#running.values()].map((from) => this.#now() - from));
  }

  add(key: string): void {
    if (this.#waiting.has(key) || this.#addedWhileRunning.has(key)) return;
    this.#options.metrics?.queueAdds.inc({ name: this.#options.name });
    if (this.#running.has(key)) this.#addedWhileRunning.add(key);
    else this.#enqueue(key);
  }

  /** Adds the key after `ms`, of which more than ten minutes count as ten; of several such wishes the earliest wins. */
  addAfter(key: string, ms: number): void {
    this.#delay(key, Math.min(ms, LONGEST_DELAY_MS));
  }

  start(): void {
    this.#abort ??= new AbortController();
    this.#runNext();
  }

  /**
   * Begins no more runs, waits for those under way, and after 20 s aborts them and waits for 5 s more. Keys are kept for
   * the next start.
   */
  async stop(): Promise<void> {
    const abort = this.#abort;
    if (abort === null) return;
    this.#abort = null;
    const { drainMs = DRAIN_MS, abortMs = ABORT_MS, log } = this.#options;
    if (await this.#endWithin(drainMs)) return;
    abort.abort(new Error('The queue has stopped'));
    if (await this.#endWithin(abortMs)) return;
    log.warn({ keys: [...this.#running.keys()] }, 'Reconciles went on after they were aborted');
  }

  async #endWithin(ms: number): Promise<boolean> {
    const { promise: over, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), ms);
    const ended = await Promise.race([Promise.all(this.#runs).then(() => true as const), over]);
    clearTimeout(timer);
    return ended;
  }

  #delay(key: string, ms: number): void {
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#now() + ms;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.at <= at) return;
    clearTimeout(earlier?.timer);
    const timer = setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, ms);
    // A process that ends need not wait for what it would do in ten minutes.
    timer.unref();
    this.#delayed.set(key, { at, timer });
  }

  #enqueue(key: string): void {
    this.#waiting.set(key, this.#now());
    this.#showDepth();
    this.#runNext();
  }

  #showDepth(): void {
    this.#options.metrics?.queueDepth.set({ name: this.#options.name }, this.#waiting.size);
  }

  #runNext(): void {
    for (const [key, addedAt] of this.#waiting) {
      if (this.#abort === null || this.#running.size >= this.#concurrency) return;
      this.#waiting.delete(key);
      this.#showDepth();
      const startedAt = this.#now();
      this.#running.set(key, startedAt);
      const { name, metrics } = this.#options;
      metrics?.queueSeconds.observe({ name }, (startedAt - addedAt) / 1000);
      metrics?.activeWorkers.set({ controller: name }, this.#running.size);
      const run = this.#run(key, this.#abort.signal).finally(() => {
        this.#runs.delete(run);
        this.#ended(key, startedAt);
      });
      this.#runs.add(run);
    }
  }

  #ended(key: string, startedAt: number): void {
    this.#running.delete(key);
    const { name, metrics } = this.#options;
    const seconds = (this.#now() - startedAt) / 1000;
    metrics?.reconcileSeconds.observe({ controller: name }, seconds);
    metrics?.workSeconds.observe({ name }, seconds);
    metrics?.activeWorkers.set({ controller: name }, this.#running.size);
    if (this.#addedWhileRunning.delete(key)) this.#enqueue(key);
    this.#runNext();
  }

  /** Never rejects. */
  async #run(key: string, signal: AbortSignal): Promise<void> {
    // Whoever adds a key must not find itself in the middle of a reconcile.
    await Promise.resolve();
    try {
      this.#succeeded(key, await this.#options.reconcile(key, signal));
    } catch (error) {
      this.#failed(key, error, signal.aborted);
    }
  }

  #count(result: ReconcileResult): void {
    this.#options.metrics?.reconciles.inc({ controller: this.#options.name, result });
  }

  #succeeded(key: string, result: Result): void {
    if (this.#failures.delete(key)) this.#options.log.info({ key }, 'Reconcile works again');
    const after = result?.requeueAfterMs;
    if (after === undefined) this.#count('success');
    else this.#count(after > 0 ? 'requeue_after' : 'requeue');
    if (after !== undefined) this.addAfter(key, after);
  }

  #failed(key: string, error: unknown, isAborted: boolean): void {
    const { name, metrics, log } = this.#options;
    if (isAborted) {
      // It is run again after the next start; that it was ended is no fault of its own.
      log.debug({ key, err: error }, 'Reconcile was aborted');
      this.add(key);
      return;
    }
    this.#count('error');
    metrics?.reconcileErrors.inc({ controller: name });
    metrics?.queueRetries.inc({ name });
    const message = error instanceof Error ? error.message : String(error);
    const former = this.#failures.get(key);
    const count = (former?.count ?? 0) + 1;
    this.#failures.set(key, { count, message });
    log[message === former?.message ? 'debug' : 'error']({ key, err: error }, 'Reconcile failed, will be tried again');
    const { first, longest } = this.#backoffMs;
    this.#delay(key, Math.max(Math.min(first * 2 ** (count - 1), longest), this.#untilToken()));
  }

  /** Takes one retry from those that the rate allows; and says how long to wait for it, in ms. */
  #untilToken(): number {
    const { perSecond, burst } = this.#rate;
    const now = this.#now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#tokensAt) / 1000) * perSecond) - 1;
    this.#tokensAt = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / perSecond) * 1000;
  }
}

import { createHash } from 'node:crypto';

import type { Logger } from '@voteapp/kit/log';

import { microTime } from './micro-time.ts';
import type { Kind, KubeObject } from './object.ts';
import type { Objects } from './objects.ts';

export const EVENT: Kind = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events', namespaced: true };

const SERIES_PERIOD_MS = 60_000;
// After it, the same event is a new one.
const SERIES_END_MS = 6 * 60_000;
// What one object may write: a burst, and then what comes back with time.
const BURST = 25;
const REFILL_MS = 5 * 60_000;
const MOST_PENDING = 1000;
const FLUSH_MS = 5000;
const REQUEST_LIMIT_MS = 5000;
const LONGEST_NOTE = 1024;
const LONGEST_FIELD = 128;
const LONGEST_NAME = 253;

export interface EventOptions {
  readonly type: 'Normal' | 'Warning';
  /** As "FailedCreate"; at most 128 characters. */
  readonly reason: string;
  /** What was being done, as "Create"; at most 128 characters. */
  readonly action: string;
  /** For a person to read; what is longer than 1024 characters is cut. */
  readonly note: string;
}

export interface EventRecorderOptions {
  readonly objects: Pick<Objects, 'apply'>;
  /** As "example.com/controller". */
  readonly controller: string;
  /** The name of this process, as that of its pod. */
  readonly instance: string;
  readonly log: Logger;
  /** The clock of the world, in ms. */
  readonly now?: () => number;
}

interface Series {
  readonly event: KubeObject;
  readonly uid: string;
  count: number;
  writtenCount: number;
  lastSeenMs: number;
}

interface Budget {
  tokens: number;
  at: number;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/**
 * Tells users what happens to an object, by events. What happens again and again is written at once the first time, and
 * then counted at most once a minute. An object gets 25 writes at once, then one in five minutes. Nothing of it throws
 * or waits.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #now: () => number;
  readonly #series = new Map<string, Series>();
  readonly #budgets = new Map<string, Budget>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #pending = 0;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  record(regarding: KubeObject, { type, reason, action, note }: EventOptions): void {
    if (this.#stopped) return;
    const now = this.#now();
    const uid =
      regarding.metadata.uid ?? `${regarding.kind}/${regarding.metadata.namespace}/${regarding.metadata.name}`;
    const key = JSON.stringify([uid, type, reason, action, note]);
    const known = this.#series.get(key);
    if (known !== undefined && now - known.lastSeenMs <= SERIES_END_MS) {
      known.count += 1;
      known.lastSeenMs = now;
      return;
    }
    if (!this.#allows(uid, now)) return;
    const event = this.#event(regarding, { type, reason, action, note }, key, now);
    this.#series.set(key, { event, uid, count: 1, writtenCount: 1, lastSeenMs: now });
    this.#write(event);
    this.#timer ??= setInterval(() => this.#writeSeries(), SERIES_PERIOD_MS).unref();
  }

  /** Writes what is counted and not written yet, for 5 s at most. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#writeSeries();
    const limit = setTimeout(() => this.#abort.abort(new Error('The process ends')), FLUSH_MS);
    await this.#writing;
    clearTimeout(limit);
  }

  #event(regarding: KubeObject, event: EventOptions, key: string, now: number): KubeObject {
    const { controller, instance } = this.#options;
    const { apiVersion, kind, metadata } = regarding;
    const { namespace, name, uid } = metadata;
    // An event that is written anew after it ended must not meet the one before.
    const hash = createHash('sha256').update(`${key}${instance}${now}`).digest('hex').slice(0, 16);
    return {
      apiVersion: EVENT.apiVersion,
      kind: EVENT.kind,
      metadata: { namespace: namespace ?? 'default', name: `${name.slice(0, LONGEST_NAME - 17)}.${hash}` },
      eventTime: microTime(now),
      type: event.type,
      reason: cut(event.reason, LONGEST_FIELD),
      action: cut(event.action, LONGEST_FIELD),
      note: cut(event.note, LONGEST_NOTE),
      regarding: { apiVersion, kind, name, ...(namespace && { namespace }), ...(uid && { uid }) },
      reportingController: controller,
      reportingInstance: cut(instance, LONGEST_FIELD),
    };
  }

  #writeSeries(): void {
    const now = this.#now();
    for (const [key, series] of this.#series) {
      if (series.count > series.writtenCount) {
        if (!this.#allows(series.uid, now)) continue;
        series.writtenCount = series.count;
        const lastObservedTime = microTime(series.lastSeenMs);
        this.#write({ ...series.event, series: { count: series.count, lastObservedTime } });
      } else if (now - series.lastSeenMs > SERIES_END_MS) this.#series.delete(key);
    }
    for (const [uid, { tokens, at }] of this.#budgets) {
      if (tokens + (now - at) / REFILL_MS >= BURST) this.#budgets.delete(uid);
    }
    if (this.#series.size > 0 || this.#budgets.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #allows(uid: string, now: number): boolean {
    const { tokens, at } = this.#budgets.get(uid) ?? { tokens: BURST, at: now };
    const left = Math.min(BURST, tokens + (now - at) / REFILL_MS);
    this.#budgets.set(uid, { tokens: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }

  /** One at a time: events must not keep requests from being sent that matter more. */
  #write(event: KubeObject): void {
    if (this.#pending >= MOST_PENDING) return;
    this.#pending += 1;
    this.#writing = this.#writing.then(() => this.#send(event));
  }

  async #send(event: KubeObject): Promise<void> {
    const { objects, controller, log } = this.#options;
    const { signal } = this.#abort;
    try {
      signal.throwIfAborted();
      // The server forgets events after an hour; an apply writes one anew whose series goes on.
      await objects.apply(EVENT, event, { manager: controller, force: true, signal, timeoutMs: REQUEST_LIMIT_MS });
    } catch (error) {
      log.debug({ err: error }, 'Could not write an event');
    } finally {
      this.#pending -= 1;
    }
  }
}

import type { Writable } from 'node:stream';

import { RequestError } from '@voteapp/contracts/errors';
import type { Logger } from '@voteapp/kit/log';
import { type Repeated, repeat } from '@voteapp/kit/repeat';

import { type Reads, SHARED_FOR_MS } from './reads.ts';
import type { Viewer } from './viewer.ts';
import type { HiddenFace, RoundView, ShownFace } from './visibility.ts';

const HEARTBEAT_MS = 15_000;

interface Event {
  readonly tag: string;
  /** Encoded once for all viewers. */
  readonly bytes: Buffer;
}

interface Watcher extends Viewer {
  readonly output: Writable;
  /** Tag of the last event written to it. */
  shown: string | null;
}

export interface ResultsStreamOptions {
  readonly view: Reads['view'];
  readonly log: Logger;
  readonly random: () => number;
}

/**
 * Server-sent events: the whole state at once, and again whenever it has changed, at most every 100 ms. While the
 * numbers cannot be had, one event `unavailable` says so.
 *
 * An event replaces the one before it, so whoever reads slowly skips some: no more than one waits for a viewer, and one
 * that still has not read it by the next heartbeat is dropped.
 */
export class ResultsStream {
  readonly #view: ResultsStreamOptions['view'];
  readonly #log: Logger;
  readonly #random: () => number;
  readonly #watchers = new Set<Watcher>();
  readonly #events = new WeakMap<ShownFace | HiddenFace, Event>();
  #ticking: Repeated | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor({ view, log, random }: ResultsStreamOptions) {
    this.#view = view;
    this.#log = log;
    this.#random = random;
  }

  get viewers(): number {
    return this.#watchers.size;
  }

  add(output: Writable, viewer: Viewer): void {
    // The viewer may have left, or the service stopped, while its first numbers were read.
    if (output.destroyed) return;
    if (this.#stopped) {
      output.end();
      return;
    }
    const watcher: Watcher = { ...viewer, output, shown: null };
    this.#watchers.add(watcher);
    output.on('close', () => this.#remove(watcher));
    // Viewers of a replica that goes away come back at different times.
    output.write(`retry: ${1_000 + Math.floor(this.#random() * 2_000)}\n\n`);
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS);
    if (this.#ticking === undefined) {
      this.#ticking = repeat(() => this.#tick(), SHARED_FOR_MS, this.#log, 'results stream');
    } else {
      // Only for the first event not to wait for the next tick, which is also where a failure is reported.
      this.#deliver(viewer.round, [watcher]).catch(() => undefined);
    }
  }

  /** Ends every stream. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { output } of this.#watchers) output.end();
    this.#watchers.clear();
    await this.#rest();
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) void this.#rest();
  }

  async #rest(): Promise<void> {
    clearInterval(this.#heartbeat);
    const ticking = this.#ticking;
    this.#heartbeat = undefined;
    this.#ticking = undefined;
    await ticking?.stop();
  }

  async #tick(): Promise<void> {
    const rounds = Map.groupBy(this.#watchers, ({ round }) => round);
    await Promise.all([...rounds].map(([round, watchers]) => this.#deliver(round, watchers)));
  }

  async #deliver(round: string | undefined, watchers: readonly Watcher[]): Promise<void> {
    let view: RoundView;
    try {
      view = await this.#view(round, SHARED_FOR_MS);
    } catch (error) {
      const refusal = error instanceof RequestError ? error : new RequestError('internal');
      for (const watcher of watchers) this.#send(watcher, unavailable(refusal));
      if (refusal !== error) throw error;
      return;
    }
    for (const watcher of watchers) this.#send(watcher, this.#eventOf(view.faceFor(watcher.proof)));
  }

  #eventOf(face: ShownFace | HiddenFace): Event {
    let event = this.#events.get(face);
    if (event === undefined) {
      const name = face.hidden ? 'totals' : 'results';
      event = { tag: face.tag, bytes: Buffer.from(`event: ${name}\nid: ${face.tag}\ndata: ${face.json}\n\n`) };
      this.#events.set(face, event);
    }
    return event;
  }

  #send(watcher: Watcher, { tag, bytes }: Event): void {
    const busy = watcher.shown !== null && watcher.output.writableLength > 0;
    if (busy || watcher.shown === tag || !this.#watchers.has(watcher)) return;
    watcher.output.write(bytes);
    watcher.shown = tag;
  }

  #beat(): void {
    for (const { output } of this.#watchers) {
      if (output.writableLength > 0) output.destroy();
      else output.write(':\n\n');
    }
  }
}

function unavailable(error: RequestError): Event {
  return { tag: error.code, bytes: Buffer.from(`event: unavailable\ndata: ${JSON.stringify(error.body())}\n\n`) };
}

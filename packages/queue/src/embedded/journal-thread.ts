import { Worker } from 'node:worker_threads';

import { QueueUnavailable } from '../port.ts';
import { JournalCorrupt } from './errors.ts';
import type { ShardState } from './journal.ts';
import type { Answer, FromThread, ThreadData, ToThread } from './protocol.ts';

interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: QueueUnavailable) => void;
}

export interface ThreadEvents {
  /** `records` more of a shard are durable, which now ends at `end`. Comes before their appends resolve. */
  onCommitted(shard: number, records: number, end: number): void;
  /** The thread is gone without having been closed; it comes once, after every waiting call was rejected. */
  onFailure(error: Error): void;
}

export interface Opened {
  readonly thread: JournalThread;
  readonly shards: readonly ShardState[];
  readonly warnings: readonly string[];
}

/** The journal behind a thread. Keeps the process alive only while it owes somebody an answer. */
export class JournalThread {
  /** How often the journal was synced so far. */
  syncs = 0;
  readonly #worker: Worker;
  #events: ThreadEvents | undefined;
  readonly #exited: Promise<void>;
  /** In the order in which they were given to the thread, which is the order in which it settles them. */
  #appends: (Waiting<void> & { readonly shard: number })[] = [];
  readonly #calls = new Map<number, Waiting<Answer>>();
  #lastCall = 0;
  #closing = false;
  #failure: QueueUnavailable | undefined;

  /** Rejects with JournalCorrupt, or QueueUnavailable when the folder cannot be used. */
  static open(data: ThreadData): Promise<Opened> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data });
      worker.once('error', reject);
      worker.once('message', (first: FromThread) => {
        worker.off('error', reject);
        if (first.kind === 'opened') {
          resolve({ thread: new JournalThread(worker), shards: first.shards, warnings: first.warnings });
        } else if (first.kind === 'refused') {
          reject(first.corrupt ? new JournalCorrupt(first.message) : new QueueUnavailable(first.message));
        }
      });
    });
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromThread) => {
      this.#receive(message);
      this.#holdProcess();
    });
    worker.on('error', (error) => this.#fail(error as Error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        const owes = this.#appends.length > 0 || this.#calls.size > 0;
        if (!this.#closing || owes) this.#fail(new Error('The thread of the journal ended.'));
        resolve();
      });
    });
    this.#holdProcess();
  }

  /** To be called as soon as it is open, or something may be missed. */
  listen(events: ThreadEvents): void {
    this.#events = events;
  }

  /** Throws QueueUnavailable once the thread has failed or was closed. */
  checkUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing) throw new QueueUnavailable('The queue is closed.');
  }

  /** Resolves once the record is durable; its memory moves to the thread. */
  async append(shard: number, record: Uint8Array<ArrayBuffer>): Promise<void> {
    this.checkUsable();
    await new Promise<void>((resolve, reject) => {
      this.#appends.push({ shard, resolve, reject });
      this.#post({ kind: 'append', shard, record }, [record.buffer]);
    });
  }

  acknowledge(shard: number, position: number): void {
    if (this.#failure === undefined) this.#post({ kind: 'acknowledge', shard, position });
  }

  /** Returns the state of every shard there is. */
  async declare(shards: number): Promise<readonly ShardState[]> {
    return (await this.#call((call) => ({ kind: 'declare', call, shards }))) as readonly ShardState[];
  }

  /** Durable bytes from a position on, which must be a record's start before the end. */
  async read(shard: number, position: number): Promise<Uint8Array> {
    return (await this.#call((call) => ({ kind: 'read', call, shard, position }))) as Uint8Array;
  }

  /** Resolves once the thread has settled every append so far. */
  async settle(): Promise<void> {
    await this.#call((call) => ({ kind: 'settle', call }));
  }

  /** Settles every append so far and ends the thread. */
  async close(): Promise<void> {
    if (this.#failure === undefined && !this.#closing) {
      this.#post({ kind: 'close' });
      this.#closing = true;
      this.#holdProcess();
    }
    await this.#exited;
  }

  /** Ends the thread because of an error: everything waiting is rejected. */
  async abandon(error: Error): Promise<void> {
    this.#fail(error);
    await this.#worker.terminate();
  }

  async #call(message: (call: number) => ToThread): Promise<Answer> {
    this.checkUsable();
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall;
      this.#calls.set(call, { resolve, reject });
      this.#post(message(call));
    });
  }

  #post(message: ToThread, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
    this.#holdProcess();
  }

  #holdProcess(): void {
    if (this.#closing || this.#appends.length > 0 || this.#calls.size > 0) this.#worker.ref();
    else this.#worker.unref();
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'committed':
        this.#settleAppends(message);
        break;
      case 'answer':
        this.#calls.get(message.call)?.resolve(message.answer);
        this.#calls.delete(message.call);
        break;
      case 'failed-call':
        this.#calls.get(message.call)?.reject(new QueueUnavailable(message.message));
        this.#calls.delete(message.call);
        break;
      case 'opened':
      case 'refused':
        break;
    }
  }

  #settleAppends({ records, ends, refused, syncs }: Extract<FromThread, { kind: 'committed' }>): void {
    this.syncs = syncs;
    const settled = this.#appends.slice(0, records);
    this.#appends = this.#appends.slice(records);
    for (const [shard, end] of ends) {
      this.#events?.onCommitted(shard, settled.filter((append) => append.shard === shard).length, end);
    }
    for (const { shard, resolve, reject } of settled) {
      const reason = refused.get(shard);
      if (reason === undefined) resolve();
      else reject(new QueueUnavailable(reason));
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    const failure = new QueueUnavailable(`The journal has failed: ${error.message}`, { cause: error });
    this.#failure = failure;
    const waiting = [...this.#appends, ...this.#calls.values()];
    this.#appends = [];
    this.#calls.clear();
    for (const { reject } of waiting) reject(failure);
    this.#events?.onFailure(error);
  }
}

import { Worker } from 'node:worker_threads';

import type { BasePoll, Control } from '@voteapp/contracts/definition';
import type { RejectReason } from '@voteapp/contracts/message';

import { type Comment, StoreUnavailable, type VoteStore } from '../port.ts';
import { type Call, OPENED, receivedError, type Reply } from './protocol.ts';

/** The thread that owns the database file at `path`. */
export function startThread(path: string): Worker {
  return new Worker(new URL('./thread.ts', import.meta.url), {
    name: 'voteapp-store',
    workerData: { path },
    // node:sqlite still announces itself as experimental on stderr.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

/**
 * Opens the SQLite file at `path` or makes it, on a thread of its own, which does not keep the process alive while it
 * is idle. Rejects with {@link StoreUnavailable} when the file cannot be opened.
 */
export async function openSqliteStore(path: string): Promise<SqliteStore> {
  const store = new SqliteStore(startThread(path));
  await store.opened;
  return store;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Passes each call to the thread; once the thread has ended, every call rejects with {@link StoreUnavailable}. */
export class SqliteStore implements VoteStore {
  /** Resolves once the thread has the file open. */
  readonly opened: Promise<void>;
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #lastId = OPENED;
  #ended: StoreUnavailable | null = null;
  #closed: Promise<void> | null = null;

  constructor(thread: Worker) {
    this.#thread = thread;
    this.opened = this.#reply(OPENED);
    this.#exited = new Promise((resolve) => {
      thread.on('exit', () => {
        this.#end(new StoreUnavailable('The thread of the store has ended.'));
        resolve();
      });
    });
    thread.on('error', (error) => {
      this.#end(new StoreUnavailable('The thread of the store has failed.', { cause: error }));
    });
    thread.on('message', (reply: Reply) => this.#settle(reply));
  }

  #reply<T>(id: number): Promise<T> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#thread.ref();
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#thread.unref();
    if ('failure' in reply) waiting?.reject(receivedError(reply.failure));
    else waiting?.resolve(reply.value);
  }

  #end(error: StoreUnavailable): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }

  #call<Method extends keyof VoteStore>(
    method: Method,
    args: Parameters<VoteStore[Method]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<VoteStore[Method]>>> {
    this.#lastId += 1;
    const call: Call = { id: this.#lastId, method, args };
    if (this.#ended === null) this.#thread.postMessage(call, transfer);
    return this.#reply(call.id);
  }

  open(owner: string) {
    return this.#call('open', [owner]);
  }

  putBase(revision: number, base: BasePoll, now: number) {
    return this.#call('putBase', [revision, base, now]);
  }

  addControl(control: Omit<Control, 'at'>, now: number) {
    return this.#call('addControl', [control, now]);
  }

  currentDefinition() {
    return this.#call('currentDefinition', []);
  }

  unfinishedRounds() {
    return this.#call('unfinishedRounds', []);
  }

  apply(shard: number, bodies: readonly Uint8Array[], now: number) {
    const copies = bodies.map(ownCopy);
    return this.#call(
      'apply',
      [shard, copies, now],
      copies.map(({ buffer }) => buffer),
    );
  }

  reject(shard: number, body: Uint8Array, reason: RejectReason, detail: string, now: number) {
    const copy = ownCopy(body);
    return this.#call('reject', [shard, copy, reason, detail, now], [copy.buffer]);
  }

  closingState(round: string) {
    return this.#call('closingState', [round]);
  }

  addMarker(round: string, now: number) {
    return this.#call('addMarker', [round, now]);
  }

  retireProducers(now: number) {
    return this.#call('retireProducers', [now]);
  }

  finalize(round: string, now: number, reason?: string) {
    return this.#call('finalize', [round, now, reason]);
  }

  recount(round: string) {
    return this.#call('recount', [round]);
  }

  purge(round: string, before: number) {
    return this.#call('purge', [round, before]);
  }

  writePending(shard: number, votes: number, now: number) {
    return this.#call('writePending', [shard, votes, now]);
  }

  snapshot(round: string) {
    return this.#call('snapshot', [round]);
  }

  minutes(round: string) {
    return this.#call('minutes', [round]);
  }

  rounds() {
    return this.#call('rounds', []);
  }

  addComment(contentId: string, comment: Comment, now: number) {
    return this.#call('addComment', [contentId, comment, now]);
  }

  comments(contentId: string) {
    return this.#call('comments', [contentId]);
  }

  ping() {
    return this.#call('ping', []);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#ended === null) {
      await this.#call('close', []);
      this.#thread.ref();
    }
    await this.#exited;
  }
}

/**
 * The caller keeps its bytes, so a copy is handed over; one of the exact size, for cloning a view into a larger
 * buffer would carry the whole of it to the other thread.
 */
function ownCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

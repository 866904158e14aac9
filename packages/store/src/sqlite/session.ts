import type { BasePoll, Control } from '@voteapp/contracts/definition';
import type { RejectReason } from '@voteapp/contracts/message';

import { type Comment, StoreUnavailable, type VoteStore } from '../port.ts';
import { ApplyTransaction } from './apply-transaction.ts';
import { Closing } from './closing.ts';
import { Comments } from './comments.ts';
import { Database } from './database.ts';
import { Definitions } from './definitions.ts';
import { migrate } from './migrations.ts';
import { Results } from './results.ts';
import { Upkeep } from './upkeep.ts';

/** The port without its promises: what the thread runs. */
export type SynchronousStore = {
  [Method in keyof VoteStore]: (...args: Parameters<VoteStore[Method]>) => Awaited<ReturnType<VoteStore[Method]>>;
};

interface Parts {
  readonly definitions: Definitions;
  readonly transaction: ApplyTransaction;
  readonly closing: Closing;
  readonly results: Results;
  readonly comments: Comments;
  readonly upkeep: Upkeep;
}

function partsOf(db: Database): Parts {
  const definitions = new Definitions(db);
  const results = new Results(db, definitions);
  return {
    definitions,
    results,
    transaction: new ApplyTransaction(db, definitions),
    closing: new Closing(db, definitions, results),
    comments: new Comments(db),
    upkeep: new Upkeep(db, definitions, results),
  };
}

/** The store on the thread that owns the file. Every method throws where the port's rejects. */
export class SqliteSession implements SynchronousStore {
  readonly #db: Database;
  #opened: Parts | null = null;

  /** Throws {@link StoreUnavailable} when the file cannot be opened or made. */
  constructor(path: string) {
    this.#db = new Database(path);
  }

  open(owner: string): void {
    migrate(this.#db, owner);
    this.#opened ??= partsOf(this.#db);
  }

  // Statements can only be prepared once their tables are there.
  get #parts(): Parts {
    if (this.#opened === null) throw new StoreUnavailable('The store has not been opened yet.');
    return this.#opened;
  }

  putBase(revision: number, base: BasePoll, now: number) {
    return this.#parts.definitions.putBase(revision, base, now);
  }

  addControl(control: Omit<Control, 'at'>, now: number) {
    return this.#parts.definitions.addControl(control, now);
  }

  currentDefinition() {
    return this.#parts.definitions.current();
  }

  rounds() {
    return this.#parts.definitions.all();
  }

  unfinishedRounds() {
    return this.rounds()
      .filter(({ final }) => !final)
      .map(({ definition }) => definition);
  }

  apply(shard: number, bodies: readonly Uint8Array[], now: number) {
    return this.#parts.transaction.apply(shard, bodies, now);
  }

  reject(shard: number, body: Uint8Array, reason: RejectReason, detail: string, now: number) {
    this.#parts.transaction.reject(shard, body, { reason, detail }, now);
  }

  closingState(round: string) {
    return this.#parts.closing.state(round);
  }

  addMarker(round: string, now: number) {
    return this.#parts.closing.addMarker(round, now);
  }

  retireProducers(now: number) {
    this.#parts.closing.retireProducers(now);
  }

  finalize(round: string, now: number, reason?: string) {
    this.#parts.closing.finalize(round, now, reason);
  }

  recount(round: string) {
    return this.#parts.upkeep.recount(round);
  }

  purge(round: string, before: number) {
    return this.#parts.upkeep.purge(round, before);
  }

  snapshot(round: string) {
    return this.#parts.results.snapshot(round);
  }

  minutes(round: string) {
    return this.#parts.results.minutes(round);
  }

  writePending(shard: number, votes: number, now: number) {
    this.#parts.results.writePending(shard, votes, now);
  }

  addComment(contentId: string, comment: Comment, now: number) {
    this.#parts.comments.add(contentId, comment, now);
  }

  comments(contentId: string) {
    return this.#parts.comments.list(contentId);
  }

  ping() {
    this.#db.prepare('SELECT 1').get();
  }

  close() {
    this.#db.close();
  }
}

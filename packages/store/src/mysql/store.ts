import type { BasePoll, Control } from '@voteapp/contracts/definition';
import type { RejectReason } from '@voteapp/contracts/message';

import { type Comment, StoreOwnedByOther, StoreUnavailable, type VoteStore } from '../port.ts';
import { ApplyTransaction } from './apply-transaction.ts';
import { Closing } from './closing.ts';
import { Comments } from './comments.ts';
import { Database } from './database.ts';
import { Definitions } from './definitions.ts';
import { migrate } from './migrations.ts';
import { Results } from './results.ts';
import type { MySqlOptions } from './session.ts';
import { Upkeep } from './upkeep.ts';

export type { MySqlOptions } from './session.ts';

export interface MySqlStoreOptions extends MySqlOptions {
  /** Connections for writing, and as many for reading. Default: 4. */
  readonly poolSize?: number;
}

/** A store on MySQL or MariaDB. Nothing is connected before the first call. */
export function openMySqlStore({ poolSize = 4, ...options }: MySqlStoreOptions): MySqlStore {
  return new MySqlStore(new Database(options, poolSize));
}

interface Parts {
  readonly definitions: Definitions;
  readonly transaction: ApplyTransaction;
  readonly closing: Closing;
  readonly results: Results;
  readonly comments: Comments;
  readonly upkeep: Upkeep;
}

/** Whoever only reads, as front does, need not open it: the tables are then those that a worker has made. */
export class MySqlStore implements VoteStore {
  readonly #db: Database;
  readonly #own: Parts;
  #refused = false;

  constructor(db: Database) {
    this.#db = db;
    this.#own = {
      definitions: new Definitions(db),
      transaction: new ApplyTransaction(db),
      closing: new Closing(db),
      results: new Results(db),
      comments: new Comments(db),
      upkeep: new Upkeep(db),
    };
  }

  async open(owner: string): Promise<void> {
    try {
      await this.#db.use((session) => migrate(session, owner));
      this.#refused = false;
    } catch (error) {
      this.#refused ||= error instanceof StoreOwnedByOther;
      throw error;
    }
  }

  get #parts(): Parts {
    if (this.#refused) throw new StoreUnavailable('The database belongs to another app.');
    return this.#own;
  }

  /** Settings of the server that make a commit worth less, in sentences; empty when all is well. */
  warnings(): Promise<string[]> {
    return this.#db.warnings();
  }

  async putBase(revision: number, base: BasePoll, now: number) {
    return await this.#parts.definitions.putBase(revision, base, now);
  }

  async addControl(control: Omit<Control, 'at'>, now: number) {
    return await this.#parts.definitions.addControl(control, now);
  }

  async currentDefinition() {
    return await this.#parts.definitions.current();
  }

  async rounds() {
    return await this.#parts.definitions.all();
  }

  async unfinishedRounds() {
    const rounds = await this.rounds();
    return rounds.filter(({ final }) => !final).map(({ definition }) => definition);
  }

  async apply(shard: number, bodies: readonly Uint8Array[], now: number) {
    return await this.#parts.transaction.apply(shard, bodies, now);
  }

  async reject(shard: number, body: Uint8Array, reason: RejectReason, detail: string, now: number) {
    await this.#parts.transaction.reject(shard, body, { reason, detail }, now);
  }

  async closingState(round: string) {
    return await this.#parts.closing.state(round);
  }

  async addMarker(round: string, now: number) {
    return await this.#parts.closing.addMarker(round, now);
  }

  async retireProducers(now: number) {
    await this.#parts.closing.retireProducers(now);
  }

  async finalize(round: string, now: number, reason?: string) {
    await this.#parts.closing.finalize(round, now, reason);
  }

  async recount(round: string) {
    return await this.#parts.upkeep.recount(round);
  }

  async purge(round: string, before: number) {
    return await this.#parts.upkeep.purge(round, before);
  }

  async snapshot(round: string) {
    return await this.#parts.results.snapshot(round);
  }

  async minutes(round: string) {
    return await this.#parts.results.minutes(round);
  }

  async writePending(shard: number, votes: number, now: number) {
    await this.#parts.results.writePending(shard, votes, now);
  }

  async addComment(contentId: string, comment: Comment, now: number) {
    await this.#parts.comments.add(contentId, comment, now);
  }

  async comments(contentId: string) {
    return await this.#parts.comments.list(contentId);
  }

  ping() {
    return this.#db.ping();
  }

  close() {
    return this.#db.close();
  }
}

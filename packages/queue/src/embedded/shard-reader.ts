import { QueueUnavailable } from '../port.ts';
import type { ShardState } from './journal.ts';
import type { JournalThread } from './journal-thread.ts';

interface Member {
  close(): Promise<void>;
}

/** What the subscriptions of one shard share: how far it goes, how far it was taken, and whose turn it is. */
export class ShardReader {
  readonly #shard: number;
  readonly #thread: JournalThread;
  /** In the order in which they came; only the first one reads. */
  readonly #members: Member[] = [];
  #declared = false;
  #acknowledged = 0;
  #end = 0;
  #waiting = 0;
  #deliveredBelow = 0;
  #changed = Promise.withResolvers<void>();

  constructor(shard: number, thread: JournalThread) {
    this.#shard = shard;
    this.#thread = thread;
  }

  /** The shard exists. What it held when it was opened may have been delivered by an earlier run. */
  declared({ acknowledged, end, waiting }: ShardState): void {
    if (this.#declared) return;
    this.#declared = true;
    this.#acknowledged = acknowledged;
    this.#waiting += waiting;
    this.#deliveredBelow = end;
    this.grew(0, Math.max(this.#end, end));
  }

  /** `records` more are durable. */
  grew(records: number, end: number): void {
    this.#waiting += records;
    this.#end = end;
    this.wake();
  }

  /** Lets everybody look again at what they wait for. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async closeMembers(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.close()));
  }

  /** Resolves when there may be more to read, or another member's turn, or a failure. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Where the durable records end. */
  get end(): number {
    return this.#end;
  }

  /** Durable records that no member holds. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Throws QueueUnavailable. */
  checkUsable(): void {
    this.#thread.checkUsable();
    if (!this.#declared) throw new QueueUnavailable(`Shard ${this.#shard} is not declared.`);
  }

  join(member: Member): void {
    this.#members.push(member);
  }

  isFirst(member: Member): boolean {
    return this.#members[0] === member;
  }

  /** `unacknowledged` records that it had taken, the last of which ends at `takenBelow`, wait again. */
  leave(member: Member, unacknowledged: number, takenBelow: number): void {
    this.#members.splice(this.#members.indexOf(member), 1);
    this.#waiting += unacknowledged;
    this.#deliveredBelow = Math.max(this.#deliveredBelow, takenBelow);
    this.wake();
  }

  wasDelivered(start: number): boolean {
    return start < this.#deliveredBelow;
  }

  countTaken(records: number): void {
    this.#waiting -= records;
  }

  acknowledge(position: number): void {
    this.#acknowledged = position;
    this.#thread.acknowledge(this.#shard, position);
  }

  read(position: number): Promise<Uint8Array> {
    return this.#thread.read(this.#shard, position);
  }

  abandon(error: Error): Promise<void> {
    return this.#thread.abandon(error);
  }
}

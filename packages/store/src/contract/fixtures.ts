import type { BasePoll } from '@voteapp/contracts/definition';
import { encodeEntry, encodeVotes, SEQ_PER_MS } from '@voteapp/contracts/message';

/** A full minute, so that a minute's border is easy to write. */
export const T0 = Date.UTC(2026, 10, 20, 21, 0);

export function seqAt(ms: number, tick = 0): number {
  return (T0 + ms) * SEQ_PER_MS + tick;
}

/** A tag that belongs to `shard` whenever the round has more shards than that. */
export function tagFor(voter: number, shard = 0): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(shard, 0);
  bytes.writeUInt32BE(voter, 12);
  return bytes.toString('base64url');
}

export function idTag(id: number): string {
  return Buffer.alloc(16, id + 100).toString('base64url');
}

export function producerId(producer: number): string {
  return producer.toString(16).padStart(16, '0');
}

export function optionList(count: number): { id: string; label: string }[] {
  return Array.from({ length: count }, (_, index) => ({ id: `option-${index}`, label: `Option ${index}` }));
}

export function basePollOf(round: string, changes: Partial<BasePoll> = {}): BasePoll {
  return {
    round,
    title: 'Coca × Pepsi',
    options: optionList(2),
    policy: 'LastVoteWins',
    shards: 1,
    voters: ['Cookie', 'Named'],
    timeZone: 'UTC',
    visibility: 'Always',
    retentionDays: 30,
    comments: { enabled: true, publicEmails: false },
    opensAt: null,
    closesAt: null,
    suspend: false,
    ...changes,
  };
}

export interface TestVote {
  readonly voter: number;
  readonly option: number;
  readonly seq: number;
  readonly id?: number | undefined;
}

export interface TestBatch {
  readonly round: string;
  readonly shard?: number;
  readonly def?: number;
  readonly producer?: number;
  readonly n?: number;
  readonly nonce?: string;
  /** null: an entry that is not a vote. */
  readonly votes: readonly (TestVote | null)[];
}

/** The bytes that a vote replica would publish. */
export function batchOf(batch: TestBatch): Buffer {
  const { round, shard = 0, def = 1, producer = 1, n = 1, nonce = '', votes } = batch;
  const entries = votes.map((vote) => {
    if (vote === null) return '"not a vote"';
    const id = vote.id === undefined ? undefined : idTag(vote.id);
    return encodeEntry(tagFor(vote.voter, shard), vote.option, vote.seq, id);
  });
  return encodeVotes({ round, shard, def, producer: producerId(producer), n, nonce }, entries);
}

/** Limits of one message, kept by whoever publishes. */
export const MAX_BATCH_VOTES = 2_000;
export const MAX_BATCH_BYTES = 256 * 1024;

/** Room for 4096 votes in a millisecond: `seq` is clock ms × 4096, or one more than the last. */
export const SEQ_PER_MS = 4_096;

/** The minute (UTC, since the epoch) a vote belongs to. */
export function minuteOf(seq: number): number {
  return Math.floor(seq / SEQ_PER_MS / 60_000);
}

/** `[tag, option index, seq, id tag]`; tags are 16 bytes in base64url (22 characters). */
export type VoteEntry = readonly [tag: string, option: number, seq: number, idTag?: string];

interface Envelope {
  readonly v: 1;
  readonly round: string;
  readonly shard: number;
}

/** Batch `n` (1, 2, …) of a producer for one shard of a round, judged by the definition version `def`. */
export interface VotesMessage extends Envelope {
  readonly def: number;
  readonly producer: string;
  readonly n: number;
  readonly nonce: string;
  /** null stands for an entry that is not a vote: it is rejected alone, its neighbours count. */
  readonly votes: readonly (VoteEntry | null)[];
}

/** A producer's sign of life on one shard. */
export interface Beat {
  /** Counts the producer's beats: a later one replaces an earlier one. */
  readonly b: number;
  /** The highest batch number it has given out for this round and shard; 0: none. */
  readonly last: number;
  /** Its clock, ms. */
  readonly clock: number;
  /** True: the round is closed for this producer, no batch above `last` will come. */
  readonly closed: boolean;
  /** Votes it has refused so far, by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface BeatMessage extends Envelope {
  readonly def: number;
  readonly producer: string;
  readonly beat: Beat;
}

/** Published by the worker after the close: once it is committed, so is all that was queued before it. */
export interface MarkerMessage extends Envelope {
  readonly marker: number;
}

export type Message = VotesMessage | BeatMessage | MarkerMessage;

/** What travels beside a message's bytes. `votes`: how many entries it holds; `sentAt`: the publisher's clock, ms. */
export interface MessageHeaders {
  readonly sentAt: number;
  readonly votes: number;
  readonly traceparent?: string;
}

/** Bytes that are not a message of version 1; the text says what is wrong with them. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** One entry's JSON, made when the vote arrives so that closing a batch only joins strings. */
export function encodeEntry(tag: string, option: number, seq: number, idTag?: string): string {
  return idTag === undefined ? `["${tag}",${option},${seq}]` : `["${tag}",${option},${seq},"${idTag}"]`;
}

export function encodeVotes(head: Omit<VotesMessage, 'v' | 'votes'>, entries: readonly string[]): Buffer {
  const { round, def, producer, shard, n, nonce } = head;
  const fields = JSON.stringify({ v: 1, round, def, producer, shard, n, nonce });
  return Buffer.from(`${fields.slice(0, -1)},"votes":[${entries.join(',')}]}`);
}

export function encodeBeat(message: Omit<BeatMessage, 'v'>): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...message }));
}

export function encodeMarker(message: Omit<MarkerMessage, 'v'>): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...message }));
}

// The last of the 22 characters carries 2 bits: with any other letter two texts would stand for the same 16 bytes.
const TAG_PATTERN = /^[A-Za-z0-9_-]{21}[AQgw]$/;
const PRODUCER_PATTERN = /^[0-9a-f]{16}$/;

function isCount(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

function isProducer(value: unknown): value is string {
  return typeof value === 'string' && PRODUCER_PATTERN.test(value);
}

function decodeEntry(entry: unknown): VoteEntry | null {
  if (!Array.isArray(entry) || entry.length < 3 || entry.length > 4) return null;
  const [tag, option, seq, idTag] = entry as unknown[];
  if (typeof tag !== 'string' || !TAG_PATTERN.test(tag) || !isCount(option, 0) || !isCount(seq, 1)) return null;
  if (idTag === undefined) return [tag, option, seq];
  return typeof idTag === 'string' && TAG_PATTERN.test(idTag) ? [tag, option, seq, idTag] : null;
}

function isBeat(value: unknown): value is Beat {
  if (typeof value !== 'object' || value === null) return false;
  const { b, last, clock, closed, refused } = value as Partial<Record<keyof Beat, unknown>>;
  if (typeof refused !== 'object' || refused === null) return false;
  return isCount(b, 1) && isCount(last, 0) && isCount(clock, 0) && typeof closed === 'boolean';
}

/** Throws {@link MalformedMessage}. */
export function decodeMessage(bytes: Uint8Array): Message {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    throw new MalformedMessage('not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw new MalformedMessage('not a JSON object');
  const { v, round, shard, marker, producer, def, beat, n, nonce, votes } = parsed as Record<string, unknown>;
  if (v !== 1) throw new MalformedMessage('"v" is not 1');
  if (typeof round !== 'string' || round === '') throw new MalformedMessage('"round" is not a name');
  if (!isCount(shard, 0)) throw new MalformedMessage('"shard" is not a shard number');
  if (marker !== undefined) {
    if (!isCount(marker, 1)) throw new MalformedMessage('"marker" is not a positive integer');
    return { v, round, shard, marker };
  }
  if (!isProducer(producer)) throw new MalformedMessage('"producer" is not 16 hexadecimal digits');
  if (!isCount(def, 0)) throw new MalformedMessage('"def" is not a definition version');
  const head = { v, round, shard, def, producer } as const;
  if (beat !== undefined) {
    if (!isBeat(beat)) throw new MalformedMessage('"beat" is not a beat');
    return { ...head, beat };
  }
  return { ...head, ...decodeBatch(n, nonce, votes) };
}

function decodeBatch(n: unknown, nonce: unknown, votes: unknown): Pick<VotesMessage, 'n' | 'nonce' | 'votes'> {
  if (!isCount(n, 1)) throw new MalformedMessage('"n" is not a batch number');
  if (typeof nonce !== 'string') throw new MalformedMessage('"nonce" is not a string');
  if (!Array.isArray(votes)) throw new MalformedMessage('"votes" is not a list');
  return { n, nonce, votes: votes.map(decodeEntry) };
}

/** Why an entry or a whole message was not counted. Only `id_conflict` is the caller's doing; the others are ours. */
export const REJECT_REASONS = [
  'malformed_message',
  'malformed_entry',
  'unknown_round',
  'unknown_option',
  'wrong_shard',
  'id_conflict',
  'batch_conflict',
  'after_final',
  'store_error',
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];

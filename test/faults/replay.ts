import type { Batch, Entry } from './stored.ts';

export type Policy = 'LastVoteWins' | 'FirstVoteWins' | 'Unlimited';

/** The vote of a voter that the policy prefers. */
interface Kept {
  readonly choice: number;
  readonly place: readonly [seq: number, producer: string, n: number, index: number];
}

/** What the committed batches come to, counted anew with the rules of the poll and nothing of the product. */
export interface Replay {
  readonly votes: ReadonlyMap<string, { readonly choice: number; readonly seq: number }>;
  readonly ids: ReadonlySet<string>;
  readonly counts: ReadonlyMap<number, { votes: number; cast: number }>;
  readonly minutes: ReadonlyMap<string, number>;
  readonly totals: Record<'accepted' | 'duplicates' | 'rejected' | 'batches', number>;
  /** Entries that were applied, or repeat one that was. */
  readonly settled: ReadonlySet<string>;
  /** How often a vote of the voter was applied. */
  readonly applied: ReadonlyMap<string, number>;
  /** What the batches themselves cannot be. */
  readonly oddities: readonly string[];
}

const MINUTE_SEQ = 4_096 * 60_000;

/** Names an entry: a replica gives each place once, so voter, place and choice are one vote's. */
export function entryKey(voter: string, seq: number, choice: number): string {
  return `${voter} ${seq} ${choice}`;
}

function isAfter(a: Kept, b: Kept): boolean {
  const differing = a.place.findIndex((part, index) => part !== b.place[index]);
  return differing >= 0 && a.place[differing]! > b.place[differing]!;
}

function add<Key>(map: Map<Key, number>, key: Key): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** `batches`: by shard, in the order of their commits, which decides which of two votes with one id is the first. */
export function replay(batches: readonly Batch[], policy: Policy, options: number): Replay {
  const kept = new Map<string, Kept>();
  const ids = new Map<string, Entry>();
  const minutes = new Map<string, number>();
  const applied = new Map<string, number>();
  const settled = new Set<string>();
  const names = new Set<string>();
  const oddities: string[] = [];
  const counts = new Map(Array.from({ length: options }, (_, choice) => [choice, { votes: 0, cast: 0 }]));
  const totals = { accepted: 0, duplicates: 0, rejected: 0, batches: batches.length };
  const lastOf = new Map<number, number>();

  function apply(entry: Entry, { producer, n }: Batch, index: number): void {
    const { voter, choice, seq } = entry;
    counts.get(choice)!.cast += 1;
    add(minutes, `${Math.floor(seq / MINUTE_SEQ)} ${choice}`);
    add(applied, voter);
    if (policy === 'Unlimited') {
      counts.get(choice)!.votes += 1;
      return;
    }
    const vote: Kept = { choice, place: [seq, producer, n, index] };
    const held = kept.get(voter);
    const wins = held === undefined || (policy === 'LastVoteWins' ? isAfter(vote, held) : isAfter(held, vote));
    if (wins) kept.set(voter, vote);
  }

  function take(entry: Entry | null, batch: Batch, index: number): 'cast' | 'duplicate' | 'rejected' {
    if (entry === null || entry.choice >= options) return 'rejected';
    const { voter, choice, seq, id } = entry;
    const first = id === null ? undefined : ids.get(id);
    if (first !== undefined && (first.voter !== voter || first.choice !== choice)) return 'rejected';
    settled.add(entryKey(voter, seq, choice));
    if (first !== undefined) return 'duplicate';
    if (id !== null) ids.set(id, entry);
    apply(entry, batch, index);
    return 'cast';
  }

  for (const batch of batches) {
    const { shard, producer, n, logIndex, entries } = batch;
    const name = `${producer} ${shard} ${n}`;
    if (names.has(name)) oddities.push(`batch ${name} is committed twice`);
    names.add(name);
    if (logIndex !== (lastOf.get(shard) ?? 0) + 1)
      oddities.push(`batch ${logIndex} of shard ${shard} is out of its place`);
    lastOf.set(shard, logIndex);
    const outcomes = entries.map((entry, index) => take(entry, batch, index));
    const duplicates = outcomes.filter((outcome) => outcome === 'duplicate').length;
    const rejected = outcomes.filter((outcome) => outcome === 'rejected').length;
    totals.accepted += entries.length;
    totals.duplicates += duplicates;
    totals.rejected += rejected;
    const noted = [batch.accepted, batch.duplicates, batch.rejected].join(' ');
    const found = [entries.length, duplicates, rejected].join(' ');
    if (noted !== found)
      oddities.push(`batch ${name} notes ${noted} entries, duplicates and rejections, and has ${found}`);
  }
  for (const { choice } of kept.values()) counts.get(choice)!.votes += 1;
  return {
    votes: new Map([...kept].map(([voter, { choice, place }]) => [voter, { choice, seq: place[0] }])),
    ids: new Set(ids.keys()),
    counts,
    minutes,
    totals,
    settled,
    applied,
    oddities,
  };
}

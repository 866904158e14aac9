import type { ProducerState } from './port.ts';

/** The last beat of a producer on one shard, as a driver reads it. */
export interface BeatRow {
  /** 16 hexadecimal digits. */
  readonly producer: string;
  readonly shard: number;
  readonly last: number;
  readonly closed: number;
  readonly committedAt: number;
  readonly retiredAt: number | null;
  /** Batches of it on the shard that are committed or set aside whole. */
  readonly settled: number;
}

/** What the beats of a round tell of each of its producers. */
export function producerStates(rows: readonly BeatRow[]): ProducerState[] {
  return [...Map.groupBy(rows, ({ producer }) => producer)].map(([producer, beats]) => {
    const retired = beats.flatMap(({ retiredAt }) => (retiredAt === null ? [] : [retiredAt]));
    return {
      producer,
      lastBeatAt: Math.max(...beats.map(({ committedAt }) => committedAt)),
      retiredAt: retired.length === 0 ? null : Math.max(...retired),
      shards: beats.map(({ shard, last, closed, settled }) => ({
        shard,
        last,
        closed: closed === 1,
        committed: settled,
      })),
    };
  });
}

import type { ShardState } from './journal.ts';

/** What the thread is started with. */
export interface ThreadData {
  readonly directory: string;
  readonly segmentBytes: number | undefined;
}

/** What the queue says to its thread. A `call` is answered under the same number. */
export type ToThread =
  | { readonly kind: 'append'; readonly shard: number; readonly record: Uint8Array }
  | { readonly kind: 'acknowledge'; readonly shard: number; readonly position: number }
  | { readonly kind: 'declare'; readonly call: number; readonly shards: number }
  | { readonly kind: 'read'; readonly call: number; readonly shard: number; readonly position: number }
  /** Answered once everything appended before it is committed or refused. */
  | { readonly kind: 'settle'; readonly call: number }
  | { readonly kind: 'close' };

export type Answer = readonly ShardState[] | Uint8Array | null;

/** What the thread says. */
export type FromThread =
  | { readonly kind: 'opened'; readonly shards: readonly ShardState[]; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly corrupt: boolean; readonly message: string }
  /** The oldest `records` appends are durable, but for those of the refused shards. */
  | {
      readonly kind: 'committed';
      readonly records: number;
      readonly ends: ReadonlyMap<number, number>;
      readonly refused: ReadonlyMap<number, string>;
      readonly syncs: number;
    }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: Answer }
  | { readonly kind: 'failed-call'; readonly call: number; readonly message: string };

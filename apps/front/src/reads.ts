import type { Definition } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { NAME_PATTERN } from '@voteapp/contracts/names';
import type { FrontStore, MinuteCast } from '@voteapp/store/port';

import { type SharedRead, shareReads } from './share-reads.ts';
import type { CallStore } from './store-calls.ts';
import { RoundView } from './visibility.ts';

/** How old a read may be before the next one begins, in ms. */
export const SHARED_FOR_MS = 100;

/** How old a read may be that answers a request, in ms, while the next one is under way. */
const RECENT_MS = 250;

/** How long a known definition is held back for a newer one, in ms: vote asks each second and must not wait. */
const PATIENCE_MS = 500;

/** Every read of the store but those of comments, shared by all who ask. Each may reject with `store_unavailable`. */
export interface Reads {
  /** The current definition; the last one known while the store fails or is slow. */
  readonly definition: () => Promise<Definition | null>;
  /**
   * The named round, or the current one, as it was at most `maxAgeMs` ago; default: as recently as a request's answer
   * says. Rejects with `unknown_round` or `no_definition`, too.
   */
  readonly view: (round: string | undefined, maxAgeMs?: number) => Promise<RoundView>;
  readonly rounds: () => ReturnType<FrontStore['rounds']>;
  /** When the newest counts of any round were read, ms; null: none yet. */
  readonly lastReadAt: () => number | null;
}

export interface ReadsOptions {
  readonly store: Pick<FrontStore, 'currentDefinition' | 'snapshot' | 'minutes' | 'rounds'>;
  readonly call: CallStore;
  readonly now: () => number;
}

export function createReads({ store, call, now }: ReadsOptions): Reads {
  const shared = <T>(read: () => Promise<T>) => shareReads(() => call(read), SHARED_FOR_MS, now);
  const definition = lastKnown(shared(() => store.currentDefinition()));
  const readers = new Map<string, SharedRead<RoundView | null>>();
  const rounds = shared(() => store.rounds());
  let lastReadAt: number | null = null;

  function readerOf(round: string): SharedRead<RoundView | null> {
    let minutes: readonly MinuteCast[] = [];
    let minutesDueAt = 0;
    return shared(async () => {
      const asOf = now();
      const snapshot = await store.snapshot(round);
      if (snapshot === null) {
        // Only rounds that exist keep a reader, or names that nobody gave to a round would fill the memory.
        readers.delete(round);
        return null;
      }
      const cast = snapshot.counts.reduce((sum, option) => sum + option.cast, 0);
      // A long poll has thousands of minutes: they are read again only when a vote was added since, and reading them
      // takes a tenth of the time at most.
      if (cast !== castOf(minutes) && now() >= minutesDueAt) {
        const startedAt = now();
        minutes = await store.minutes(round);
        minutesDueAt = now() + 9 * (now() - startedAt);
      }
      lastReadAt = asOf;
      return new RoundView({ snapshot, minutes, asOf });
    });
  }

  async function known(round: string, maxAgeMs: number): Promise<RoundView | null> {
    if (!NAME_PATTERN.test(round)) return null;
    const reader = readers.get(round) ?? readerOf(round);
    readers.set(round, reader);
    return await reader(maxAgeMs);
  }

  return {
    definition: () => definition(SHARED_FOR_MS),
    async view(name, maxAgeMs = RECENT_MS) {
      const round = name ?? (await definition(maxAgeMs))?.round;
      if (round === undefined) throw new RequestError('no_definition');
      const view = await known(round, maxAgeMs);
      if (view === null) throw new RequestError('unknown_round', { field: 'round' });
      return view;
    },
    rounds: () => rounds(RECENT_MS),
    lastReadAt: () => lastReadAt,
  };
}

function castOf(minutes: readonly MinuteCast[]): number {
  let sum = 0;
  for (const { cast } of minutes) for (const votes of cast) sum += votes;
  return sum;
}

/** Answers with the last value that was read whenever a new read fails or takes over {@link PATIENCE_MS}. */
function lastKnown<T>(read: SharedRead<T | null>): SharedRead<T | null> {
  let known: T | null = null;
  return async (maxAgeMs) => {
    const reading = read(maxAgeMs).then((value) => {
      known = value;
      return value;
    });
    if (known === null) return await reading;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([reading.then(noValue, noValue), patience]);
    clearTimeout(timer);
    return known;
  };
}

function noValue(): void {}

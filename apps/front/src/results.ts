import { pollState } from '@voteapp/contracts/definition';
import type { Results, Totals } from '@voteapp/contracts/http/results';
import type { MinuteCast, RoundSnapshot } from '@voteapp/store/port';

import { castPerHour } from './hours.ts';

/** The numbers of a round as the store had them at `asOf` (ms). */
export interface RoundReading {
  readonly snapshot: RoundSnapshot;
  /** In ascending order. */
  readonly minutes: readonly MinuteCast[];
  readonly asOf: number;
}

/** Beyond this age, in ms, the number of waiting votes says nothing of now. */
const PENDING_VALID_MS = 3_000;

function pendingVotes({ pending, final }: RoundSnapshot, asOf: number): number | null {
  if (final !== null) return 0;
  return pending === null || asOf - pending.writtenAt > PENDING_VALID_MS ? null : pending.votes;
}

function finalOf({ final }: RoundSnapshot): Totals['final'] {
  if (final === null) return null;
  const { version, at, reason } = final;
  return { version, at: new Date(at).toISOString(), ...(reason === undefined ? {} : { reason }) };
}

/** What everybody may know of a round at any time. */
export function toTotals({ snapshot, asOf }: RoundReading): Totals {
  const { definition, counts, accepted, duplicates, rejected, late } = snapshot;
  const cast = counts.reduce((sum, option) => sum + option.cast, 0);
  const counted = counts.reduce((sum, option) => sum + option.votes, 0);
  return {
    round: definition.round,
    title: definition.title,
    state: pollState(definition, asOf, snapshot.final !== null),
    asOf: new Date(asOf).toISOString(),
    accepted,
    duplicates,
    rejected,
    late,
    cast,
    counted,
    replaced: cast - counted,
    pending: pendingVotes(snapshot, asOf),
    final: finalOf(snapshot),
  };
}

/** All of a round's numbers, those per option included. */
export function toResults(reading: RoundReading): Results {
  const { definition, counts } = reading.snapshot;
  const totals = toTotals(reading);
  return {
    ...totals,
    options: definition.options.map(({ id, label, color }, index) => {
      const { votes, cast } = counts[index] ?? { votes: 0, cast: 0 };
      const share = totals.counted === 0 ? 0 : votes / totals.counted;
      return { id, label, ...(color === undefined ? {} : { color }), votes, share, cast };
    }),
    hours: castPerHour(reading.minutes, definition.options.length, definition.timeZone).map(
      ({ hour, cast, options }) => ({ hour: new Date(hour).toISOString(), cast, options: [...options] }),
    ),
  };
}

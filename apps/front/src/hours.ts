import type { MinuteCast } from '@voteapp/store/port';

const QUARTER_MINUTES = 15;

/** Votes applied in one hour of the poll's zone; `hour` is its start, ms since the epoch. */
export interface HourCast {
  readonly hour: number;
  readonly cast: number;
  readonly options: readonly number[];
}

/**
 * The start of the local hour a minute lies in, both in minutes since the epoch. Zones differ from UTC by whole
 * quarters of an hour and change at one, so that one look-up serves a quarter.
 */
function hourStarts(timeZone: string): (minute: number) => number {
  const minuteOfHour = new Intl.DateTimeFormat('en', { timeZone, minute: 'numeric' });
  const starts = new Map<number, number>();
  return (minute) => {
    const quarter = minute - (minute % QUARTER_MINUTES);
    let start = starts.get(quarter);
    if (start === undefined) {
      start = quarter - Number(minuteOfHour.format(quarter * 60_000));
      starts.set(quarter, start);
    }
    return start;
  };
}

/**
 * Sums minutes (ascending) to hours of the zone; hours without a vote are absent. An hour that daylight saving time
 * repeats is two hours here.
 */
export function castPerHour(minutes: readonly MinuteCast[], options: number, timeZone: string): HourCast[] {
  const startOf = hourStarts(timeZone);
  const hours = new Map<number, { cast: number; options: number[] }>();
  for (const { minute, cast } of minutes) {
    const start = startOf(minute);
    let hour = hours.get(start);
    if (hour === undefined) {
      hour = { cast: 0, options: Array.from({ length: options }, () => 0) };
      hours.set(start, hour);
    }
    for (const [option, votes] of cast.entries()) {
      hour.cast += votes;
      hour.options[option] = (hour.options[option] ?? 0) + votes;
    }
  }
  return [...hours].map(([start, hour]) => ({ hour: start * 60_000, ...hour }));
}

/** Votes applied in the minute of `time` (ms) and the 59 before it. */
export function castInLastHour(minutes: readonly MinuteCast[], time: number): number {
  const current = Math.floor(time / 60_000);
  let sum = 0;
  for (const { minute, cast } of minutes) {
    if (minute > current - 60 && minute <= current) for (const votes of cast) sum += votes;
  }
  return sum;
}

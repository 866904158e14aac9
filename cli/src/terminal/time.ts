const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stretch of time, in ms, as a person says it: "40 s", "12 min", "3 h", "2 h 30 min", "5 days". */
export function shownDuration(ms: number): string {
  const length = Math.max(0, ms);
  if (length < 90 * SECOND) return `${Math.round(length / SECOND)} s`;
  const minutes = Math.round(length / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 10 * 60)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return length < 2 * DAY ? `${Math.round(length / HOUR)} h` : `${Math.round(length / DAY)} days`;
}

/** How far a moment is from another: "in 3 h", "12 min ago", "now". Both in ms since the epoch. */
export function shownDistance(at: number, now: number): string {
  if (Math.abs(at - now) < SECOND) return 'now';
  return at > now ? `in ${shownDuration(at - now)}` : `${shownDuration(now - at)} ago`;
}

import { shownTime } from '../on-air/plan.ts';
import { shownDistance } from '../terminal/time.ts';
import type { StatusOutput } from './status-output.ts';

/** When a poll opens and closes, by its own clocks and from now; empty where it has neither time. */
export function shownWindow(
  { opensAt, closesAt, timeZone }: Pick<StatusOutput, 'opensAt' | 'closesAt' | 'timeZone'>,
  now: number,
): string {
  const [opens, closes] = [opensAt, closesAt].map((text) => (text === null ? null : Date.parse(text)));
  const moment = (words: readonly [past: string, ahead: string], at: number): string =>
    `${at <= now ? words[0] : words[1]} ${shownTime(at, timeZone)}, ${shownDistance(at, now)}`;
  const parts: string[] = [];
  // That it opened once is no news of a poll that has closed since.
  const isClosed = closes !== null && closes !== undefined && closes <= now;
  if (opens !== null && opens !== undefined && !isClosed) parts.push(moment(['opened', 'opens'], opens));
  if (closes !== null && closes !== undefined) parts.push(moment(['closed', 'closes'], closes));
  return parts.join('; ');
}

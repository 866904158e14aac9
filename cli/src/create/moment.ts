import { pollSchema } from '@voteapp/contracts/poll';

import { UsageError } from '../exit-codes.ts';

const WITH_OFFSET = /(Z|[+-]\d{2}:\d{2})$/;
const LOCAL = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?$/;
const DAY_MS = 86_400_000;

/** Minutes that a zone's clocks are ahead of UTC at a moment (ms since the epoch). */
function offsetAt(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign = '+', hours = '0', minutes = '0'] = /^GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function shownOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const two = (number: number): string => String(Math.trunc(number)).padStart(2, '0');
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(absolute / 60)}:${two(absolute % 60)}`;
}

/** The zone, if it is one. Throws {@link UsageError}. */
export function timeZoneOf(text: string): string {
  const parsed = pollSchema.shape.timeZone.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--time-zone ${text} must be an IANA time zone such as America/Sao_Paulo.`);
}

/**
 * A moment as RFC 3339 writes it, of a text that says its offset or means the clocks of a zone, as "2026-12-20 22:30".
 * Throws {@link UsageError} that names the option, where it is none, or none that these clocks show once.
 */
export function momentOf(option: string, text: string, timeZone: string): string {
  if (WITH_OFFSET.test(text)) return text.replace(/^(\S+) /, '$1T');
  const [, date, minute, second = ':00'] = LOCAL.exec(text) ?? [];
  const written = `${date}T${minute}${second}`;
  // What is written, as if clocks showed UTC; no calendar has a 30th of February, and neither has this round trip.
  const asUtc = Date.parse(`${written}Z`);
  if (Number.isNaN(asUtc) || !new Date(asUtc).toISOString().startsWith(written)) {
    throw new UsageError(
      `${option} ${text} must be a time such as "2026-12-20 22:30", or 2026-12-20T22:30:00-03:00 with its offset.`,
    );
  }
  const offsets = [...new Set([asUtc - DAY_MS, asUtc + DAY_MS].map((near) => offsetAt(timeZone, near)))];
  const fitting = offsets.filter((offset) => offsetAt(timeZone, asUtc - offset * 60_000) === offset);
  const [offset, ...others] = fitting;
  if (offset === undefined) {
    throw new UsageError(`${option} ${text} does not exist in ${timeZone}: its clocks skip that hour; give another.`);
  }
  if (others.length > 0) {
    const choices = fitting.map((each) => written + shownOffset(each)).join(' or ');
    throw new UsageError(`${option} ${text} comes twice in ${timeZone}: say which, ${choices}.`);
  }
  return written + shownOffset(offset);
}

/** Whether a text leaves its offset to the zone. */
export function isLocalTime(text: string): boolean {
  return !WITH_OFFSET.test(text);
}

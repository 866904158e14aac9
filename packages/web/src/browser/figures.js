// Shared by the server, which renders with it, and the browser, which keeps the rendering up to date.

const LOCALE = 'en-GB';
const COUNT = new Intl.NumberFormat(LOCALE);
const SHARE = new Intl.NumberFormat(LOCALE, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param {number} count */
export function formatCount(count) {
  return COUNT.format(count);
}

/** @param {number} count */
export function formatVotes(count) {
  return `${formatCount(count)} ${count === 1 ? 'vote' : 'votes'}`;
}

/** @param {number | null} count */
export function formatPending(count) {
  return count === null ? 'Not known' : formatCount(count);
}

/** @param {number} share 0 to 1 */
export function formatShare(share) {
  return SHARE.format(share);
}

/**
 * A length inside an SVG, of the whole it is drawn in.
 *
 * @param {number} share 0 to 1
 */
export function svgLength(share) {
  return `${Math.round(share * 10_000) / 100}%`;
}

/**
 * Day, time and zone: `Fri, 20 Nov 2026, 18:00 GMT−3`.
 *
 * @param {string | number} time ISO 8601 or ms
 * @param {string} timeZone
 */
export function formatMoment(time, timeZone) {
  return format(time, {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  });
}

/**
 * `18:00:05 GMT−3`
 *
 * @param {string | number} time ISO 8601 or ms
 * @param {string} timeZone
 */
export function formatTimeOfDay(time, timeZone) {
  return format(time, {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
}

/**
 * The start of an hour: `Fri 20 Nov, 18:00`.
 *
 * @param {string} hour ISO 8601
 * @param {string} timeZone
 */
export function formatHour(hour, timeZone) {
  return format(hour, {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/**
 * The two largest units of a time to go: `in 2 h 5 min`.
 *
 * @param {number} ms
 */
export function formatRemaining(ms) {
  if (ms < SECOND) return 'any moment now';
  if (ms < MINUTE) return `in ${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `in ${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `in ${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `in ${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/**
 * @param {string | number} time
 * @param {Intl.DateTimeFormatOptions} options
 */
function format(time, options) {
  // With a hyphen `GMT-3` would break across two lines.
  return new Intl.DateTimeFormat(LOCALE, options).format(new Date(time)).replace('GMT-', 'GMT−');
}

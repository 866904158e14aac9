/** @import { PublicPoll } from '@voteapp/contracts/http/poll' */
/** @import { HiddenResults, Results, Totals } from '@voteapp/contracts/http/results' */

import { formatCount, formatHour, formatPending, svgLength } from './figures.js';
import { finalSentence, outcomeSentence } from './outcome.js';
import {
  all,
  announce,
  clockAhead,
  countDown,
  isOutdated,
  reloadSoon,
  setText,
  showAsOf,
  showConnection,
  showPoll,
  showResults,
  showSituation,
} from './page.js';

const POLL_MS = 10_000;
const RECONNECT_MS = 3_000;
const SVG = 'http://www.w3.org/2000/svg';

const page = document.querySelector('main')?.dataset ?? {};
const timeZone = page['timeZone'] ?? 'UTC';
const ahead = clockAhead();

/** @type {import('./conditions.js').Situation | null} */
let situation = null;
/** @type {{ opensAt: string | null, closesAt: string | null }} */
let times = { opensAt: null, closesAt: null };

/** @param {Totals} totals */
function showTotals(totals) {
  const numbers = new Map(Object.entries(totals));
  for (const element of all('[data-total]')) {
    const name = element.dataset['total'] ?? '';
    element.textContent = name === 'pending' ? formatPending(totals.pending) : formatCount(Number(numbers.get(name)));
  }
  showAsOf(totals);
  if (totals.final !== null) setText('[data-final]', finalSentence(totals.final, timeZone));
}

/**
 * @param {Totals} totals
 * @param {Results | null} results
 */
function show(totals, results) {
  const { state } = totals;
  const decided = state === 'Final' && situation !== null && situation.state !== 'Final';
  situation = { state, voted: false, shown: results !== null, ...times };
  showSituation(situation);
  showTotals(totals);
  if (results !== null) {
    if (isOutdated(results.round, results.options)) reloadSoon();
    showResults(results);
    showHours(results);
    if (decided) announce(`Final result: ${outcomeSentence(results.options)}`, 'news');
  }
  showConnection(state === 'Final' ? 'off' : 'live');
  if (state === 'Final') stream?.close();
}

/** @param {Results} results */
function showHours({ hours }) {
  const colors = all('[data-color]').map((heading) => heading.dataset['color'] ?? '');
  const busiest = Math.max(1, ...hours.map(({ cast }) => cast));
  const rows = hours.toReversed().map((hour) => {
    const row = document.createElement('tr');
    const heading = document.createElement('th');
    heading.scope = 'row';
    heading.textContent = formatHour(hour.hour, timeZone);
    const bars = document.createElement('td');
    bars.append(hourBar(hour.options, busiest, colors));
    row.append(heading, cell(hour.cast), bars, ...hour.options.map(cell));
    return row;
  });
  document.querySelector('[data-hours]')?.replaceChildren(...rows);
}

/** @param {number} count */
function cell(count) {
  const element = document.createElement('td');
  element.textContent = formatCount(count);
  return element;
}

/**
 * @param {readonly number[]} counts
 * @param {number} busiest
 * @param {readonly string[]} colors
 */
function hourBar(counts, busiest, colors) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'hour-bar');
  svg.setAttribute('aria-hidden', 'true');
  let from = 0;
  counts.forEach((count, index) => {
    const piece = document.createElementNS(SVG, 'rect');
    piece.setAttribute('x', svgLength(from / busiest));
    piece.setAttribute('width', svgLength(count / busiest));
    piece.setAttribute('height', '100%');
    piece.setAttribute('fill', colors[index] ?? 'currentColor');
    svg.append(piece);
    from += count;
  });
  return svg;
}

/** @type {EventSource | null} */
let stream = null;

function connect() {
  stream = new EventSource(page['stream'] ?? '/api/results/stream');
  stream.addEventListener('open', () => showConnection('live'));
  stream.addEventListener('results', (event) => {
    const results = /** @type {Results} */ (JSON.parse(String(event.data)));
    show(results, results);
  });
  stream.addEventListener('totals', (event) => {
    const { totals } = /** @type {HiddenResults} */ (JSON.parse(String(event.data)));
    show(totals, null);
  });
  // The connection is there and the numbers are not; the next event that has some says that they are back.
  stream.addEventListener('unavailable', () => showConnection('reconnecting'));
  stream.addEventListener('error', () => {
    showConnection('reconnecting');
    // The browser comes back by itself after a lost connection, but not after an answer other than 200.
    if (stream?.readyState === EventSource.CLOSED) setTimeout(connect, RECONNECT_MS * (1 + Math.random()));
  });
}

/** The stream carries numbers; a new title, other times or another round come from here. */
async function refreshPoll() {
  const response = await fetch('/api/poll', { headers: { accept: 'application/json' } });
  if (!response.ok) return;
  const poll = /** @type {PublicPoll} */ (await response.json());
  const followsCurrent = !new URLSearchParams(location.search).has('round');
  if (poll.round !== page['round']) {
    if (followsCurrent) reloadSoon();
    return;
  }
  if (isOutdated(poll.round, poll.options)) reloadSoon();
  times = { opensAt: poll.opensAt, closesAt: poll.closesAt };
  showPoll(poll);
  if (situation !== null) {
    situation = { ...situation, ...times };
    showSituation(situation);
  }
}

async function keepPollUpToDate() {
  // An outage shows in the state of the stream.
  if (!document.hidden) await refreshPoll().catch(() => undefined);
  setTimeout(() => void keepPollUpToDate(), POLL_MS * (0.8 + Math.random() * 0.4));
}

countDown(() => Date.now() + ahead);
connect();
void keepPollUpToDate();

/** @import { ErrorBody } from '@voteapp/contracts/errors' */
/** @import { PublicPoll } from '@voteapp/contracts/http/poll' */
/** @import { Results, Totals } from '@voteapp/contracts/http/results' */

import { formatVotes } from './figures.js';
import { isolated } from './outcome.js';
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

/** @typedef {PublicPoll & { clock: number, you: { option: string } | null, results: Results | null, totals?: Totals | null }} Answer */

const POLL_MS = 2_000;
const POLL_FINAL_MS = 30_000;

let ahead = clockAhead();
/** Grows with each vote, so that an answer from before it is not shown after it. */
let votesSent = 0;
/** @type {Promise<void>} */
let voting = Promise.resolve();
let interval = POLL_MS;

/** @param {Answer} answer */
function show(answer) {
  const { state, opensAt, closesAt, results, you, policy, voters } = answer;
  if (isOutdated(answer.round, answer.options)) {
    reloadSoon();
    return;
  }
  ahead = answer.clock - Date.now();
  interval = state === 'Final' ? POLL_FINAL_MS : POLL_MS;
  const choice = you?.option ?? null;
  const spent = policy === 'FirstVoteWins' && choice !== null;
  showSituation({ state, voted: choice !== null, shown: results !== null, opensAt, closesAt });
  showPoll(answer);
  showChoice(choice, state === 'Open' && voters.includes('Cookie') && !spent, policy === 'Unlimited');
  if (results !== null) showResults(results);
  const known = results ?? answer.totals ?? null;
  if (known !== null) {
    setText('[data-counted]', formatVotes(known.counted));
    showAsOf(known);
  }
  for (const line of all('[data-totals]')) line.hidden = known === null;
  showConnection(state === 'Final' ? 'off' : 'live');
}

/**
 * @param {string | null} choice
 * @param {boolean} votable
 * @param {boolean} repeatable
 */
function showChoice(choice, votable, repeatable) {
  for (const item of all('[data-option]')) {
    const mine = item.dataset['option'] === choice;
    item.toggleAttribute('data-mine', mine);
    setRow(item, votable);
    for (const mark of all('[data-chosen]', item)) mark.hidden = !mine;
    for (const verb of all('[data-verb]', item)) {
      verb.hidden = !votable || (mine && !repeatable) || (verb.dataset['verb'] === 'first') !== (choice === null);
    }
  }
}

/**
 * Makes the row of an option a button, or plain text when pressing it would do nothing.
 *
 * @param {HTMLElement} item
 * @param {boolean} votable
 */
function setRow(item, votable) {
  const row = item.querySelector('[data-row]');
  if (row === null || (row.localName === 'button') === votable) return;
  const next = document.createElement(votable ? 'button' : 'div');
  next.className = row.className;
  next.dataset['row'] = '';
  if (next instanceof HTMLButtonElement) {
    next.name = 'vote';
    next.value = item.dataset['option'] ?? '';
  }
  const focused = row === document.activeElement;
  next.append(...row.childNodes);
  row.replaceWith(next);
  if (focused) all('[data-notice]')[0]?.focus();
}

async function refresh() {
  const before = votesSent;
  try {
    const response = await fetch('/api/poll', { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`Status ${response.status}`);
    const answer = /** @type {Answer} */ (await response.json());
    if (before === votesSent) show(answer);
  } catch {
    showConnection('reconnecting');
  }
}

/**
 * The error of a refused vote; null when it is stored.
 *
 * @param {string} option
 */
async function send(option) {
  const body = JSON.stringify({ option });
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const response = await fetch('/api/vote', { method: 'POST', headers, body });
  return response.ok ? null : /** @type {ErrorBody} */ (await response.json()).error;
}

/**
 * @param {string} option
 * @param {string} label
 */
async function vote(option, label) {
  votesSent += 1;
  try {
    let error = await send(option);
    // The refusal came with a fresh cookie.
    if (error?.code === 'invalid_cookie') error = await send(option);
    if (error === null) announce(`Your vote for ${isolated(label)} is in.`, 'voted');
    else announce(error.message, 'error');
  } catch {
    announce('The vote did not arrive: there is no connection. Please try again.', 'error');
  }
  await refresh();
}

document.querySelector('form')?.addEventListener('submit', (event) => {
  const button = event.submitter;
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  const label = button.querySelector('[data-label]')?.textContent ?? '';
  voting = voting.then(() => vote(button.value, label));
});

async function keepUpToDate() {
  if (!document.hidden) await refresh();
  setTimeout(() => void keepUpToDate(), interval * (0.8 + Math.random() * 0.4));
}

countDown(() => Date.now() + ahead);
document.addEventListener('visibilitychange', () => void refresh());
void keepUpToDate();

// What both pages do to what the server has rendered.

/** @import { Results, Totals } from '@voteapp/contracts/http/results' */
/** @import { PublicPoll } from '@voteapp/contracts/http/poll' */
/** @import { Situation } from './conditions.js' */

import { factsOf, holds } from './conditions.js';
import { formatMoment, formatRemaining, formatShare, formatTimeOfDay, formatVotes, svgLength } from './figures.js';
import { outcomeSentence, place } from './outcome.js';

let reloading = false;

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export function all(selector, root = document) {
  return [...root.querySelectorAll(selector)].filter((element) => element instanceof HTMLElement);
}

/**
 * @param {string} selector
 * @param {string} text
 * @param {ParentNode} [root]
 */
export function setText(selector, text, root = document) {
  for (const element of all(selector, root)) {
    if (element.textContent !== text) element.textContent = text;
  }
}

/** @param {Situation} situation */
export function showSituation(situation) {
  const facts = factsOf(situation);
  for (const element of all('[data-when]')) element.hidden = !holds(element.dataset['when'] ?? '', facts);
}

/** @param {PublicPoll} poll */
export function showPoll(poll) {
  setText('[data-title]', poll.title);
  for (const name of /** @type {const} */ (['opensAt', 'closesAt'])) {
    const time = poll[name];
    if (time === null) continue;
    for (const element of all(`[data-moment="${name}"]`)) {
      element.setAttribute('datetime', time);
      element.textContent = formatMoment(time, poll.timeZone);
    }
  }
}

/**
 * True when the page was rendered for another round or other options: it must be loaded again.
 *
 * @param {string} round
 * @param {readonly { id: string, label: string }[]} options
 */
export function isOutdated(round, options) {
  const main = document.querySelector('main');
  const items = all('[data-option]');
  const same =
    items.length === options.length && options.every(({ id }, index) => items[index]?.dataset['option'] === id);
  return !same || main?.dataset['round'] !== round;
}

/** Loads the page again within 3 s, not at the same moment as every other viewer. */
export function reloadSoon() {
  if (reloading) return;
  reloading = true;
  setTimeout(() => location.reload(), Math.random() * 3_000);
}

/** @param {Results} results */
export function showResults(results) {
  let from = 0;
  const ribbon = document.querySelectorAll('[data-ribbon] rect');
  all('[data-option]').forEach((item, index) => {
    const option = results.options[index];
    if (option === undefined) return;
    const length = svgLength(option.share);
    item.querySelector('.bar-fill')?.setAttribute('width', length);
    item.querySelector('.bar-end')?.setAttribute('x', length);
    setText('[data-share]', formatShare(option.share), item);
    setText('[data-votes]', formatVotes(option.votes), item);
    setText('[data-place]', results.state === 'Final' ? place(results.options, option.id) : '', item);
    if (results.counted === 0) return;
    ribbon[index]?.setAttribute('x', svgLength(from));
    ribbon[index]?.setAttribute('width', length);
    from += option.share;
  });
  if (results.state === 'Final') setText('[data-outcome]', outcomeSentence(results.options));
}

/** @param {Totals} totals */
export function showAsOf({ asOf }) {
  for (const element of all('[data-as-of]')) {
    element.textContent = formatTimeOfDay(asOf, element.dataset['timeZone'] ?? 'UTC');
  }
}

/**
 * @param {string} text
 * @param {'voted' | 'error' | 'news'} kind
 */
export function announce(text, kind) {
  for (const notice of all('[data-notice]')) {
    notice.dataset['kind'] = kind;
    notice.textContent = text;
  }
}

/** @param {'live' | 'reconnecting' | 'off'} state */
export function showConnection(state) {
  for (const element of all('[data-live]')) {
    element.hidden = state === 'off';
    element.dataset['live'] = state;
    element.textContent = state === 'live' ? 'Live' : 'Reconnecting…';
  }
}

/**
 * Keeps the times to go right, by the service's clock.
 *
 * @param {() => number} clock ms
 */
export function countDown(clock) {
  const tick = () => {
    for (const element of all('[data-to-go]')) {
      const time = element.parentElement?.querySelector('time')?.dateTime ?? '';
      element.hidden = time === '';
      if (time !== '') element.textContent = formatRemaining(Date.parse(time) - clock());
    }
  };
  tick();
  setInterval(tick, 1_000);
}

/** How far the service's clock was ahead of this one's when the page was made, ms. */
export function clockAhead() {
  return Number(document.querySelector('main')?.dataset['clock']) - Date.now();
}

/** @import { Results, Totals } from '@voteapp/contracts/http/results' */

import { formatMoment, formatShare } from './figures.js';

const LIST = new Intl.ListFormat('en-GB');

/**
 * Ids of the options with the most votes; none while nothing is counted.
 *
 * @param {Results['options']} options
 */
function leaders(options) {
  const most = Math.max(...options.map(({ votes }) => votes));
  return most === 0 ? [] : options.filter(({ votes }) => votes === most).map(({ id }) => id);
}

/**
 * A label inside a sentence, isolated so that right-to-left text leaves the words around it in place.
 *
 * @param {string} label
 */
export function isolated(label) {
  return `\u2068${label}\u2069`;
}

/**
 * The final result in one sentence.
 *
 * @param {Results['options']} options
 */
export function outcomeSentence(options) {
  const ahead = leaders(options);
  const first = options.filter(({ id }) => ahead.includes(id));
  const labels = first.map(({ label }) => isolated(label));
  const share = formatShare(first[0]?.share ?? 0);
  if (labels.length === 0) return 'No votes were counted.';
  if (labels.length === 1) return `${labels[0]} wins with ${share} of the votes.`;
  if (labels.length <= 4) return `A tie between ${LIST.format(labels)}, with ${share} each.`;
  return `A tie between ${labels.length} options, with ${share} each.`;
}

/**
 * What is written beside an option once the result is final; empty for those that are not ahead.
 *
 * @param {Results['options']} options
 * @param {string} id
 */
export function place(options, id) {
  const ahead = leaders(options);
  if (!ahead.includes(id)) return '';
  return ahead.length === 1 ? 'Winner' : 'Tied for first';
}

/**
 * Since when the result is final, how that is known where it is not proved, and why it was corrected after that.
 *
 * @param {NonNullable<Totals['final']>} final
 * @param {string} timeZone
 */
export function finalSentence({ at, version, reason }, timeZone) {
  const since = `Final since ${formatMoment(at, timeZone)}.`;
  if (reason === 'assumed') return `${since} Assumed: the queue was empty and no vote had come for a minute.`;
  return version === 1 ? since : `${since} Corrected: ${reason ?? `version ${version}`}.`;
}

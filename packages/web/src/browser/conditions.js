/**
 * The words that are true of a page now; parts of it are shown under conditions made of them.
 *
 * @typedef {object} Situation
 * @property {'Scheduled' | 'Open' | 'Suspended' | 'Draining' | 'Final'} state
 * @property {boolean} voted this browser has voted in the round
 * @property {boolean} shown the numbers per option are there to be seen
 * @property {string | null} opensAt
 * @property {string | null} closesAt
 */

/** @param {Situation} situation */
export function factsOf({ state, voted, shown, opensAt, closesAt }) {
  return [
    state,
    voted ? 'voted' : 'unvoted',
    shown ? 'shown' : 'hidden',
    ...(opensAt === null ? [] : ['opens']),
    ...(closesAt === null ? [] : ['closes']),
  ];
}

/**
 * Whether all parts of a condition hold: `Open|Suspended voted` means open or suspended, and voted.
 *
 * @param {string} condition
 * @param {readonly string[]} facts
 */
export function holds(condition, facts) {
  return condition.split(' ').every((part) => part.split('|').some((word) => facts.includes(word)));
}

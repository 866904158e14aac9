import type { Delivery } from './port.ts';

/** How many of the first ones stay within so many votes; one in any case. */
export function fitting(deliveries: readonly Delivery[], maxVotes: number): number {
  let votes = 0;
  const over = deliveries.findIndex(({ headers }) => (votes += headers.votes) > maxVotes);
  return over === -1 ? deliveries.length : Math.max(over, 1);
}

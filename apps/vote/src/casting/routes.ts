import { apiVote } from './api-vote.ts';
import { postVotes } from './post-votes.ts';
import type { CastingRoute } from './route.ts';
import { votar, votarAt } from './votar.ts';

/** Addresses that take votes, beside the form's `/` and `/votar/<n>`. */
export const CASTING_ROUTES: ReadonlyMap<string, CastingRoute> = new Map([
  ['/api/vote', apiVote],
  ['/api/postVotes', postVotes],
  ['/votar', votar],
]);
const VOTAR_AT = /^\/votar\/([^/]+)$/;

export function pathOf(target: string): string {
  const [path = ''] = target.split('?', 1);
  return path;
}

/** How votes are taken at the target of a request, the page's form aside; null: not at all. */
export function routeOf(target: string): CastingRoute | null {
  const path = pathOf(target);
  const position = VOTAR_AT.exec(path)?.[1];
  return position === undefined ? (CASTING_ROUTES.get(path) ?? null) : votarAt(position);
}

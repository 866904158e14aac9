import type { KeyObject } from 'node:crypto';

import {
  type Choice,
  choiceCookieName,
  newVoter,
  readChoice,
  readVoter,
  signChoice,
  signVoter,
  VOTER_COOKIE,
} from '@voteapp/contracts/signed';

/** Browsers keep no cookie longer than 400 days. */
const COOKIE_MAX_AGE_S = 365 * 24 * 60 * 60;

/** The voter of a browser. */
export interface Visitor {
  readonly voter: string;
  /** What this browser last voted for in the round. */
  readonly choice: Choice | null;
  /** True: the request had no voter cookie, or none that is ours, so this is a new voter. */
  readonly isNew: boolean;
  /** True: a cookie of the request was not signed by us. */
  readonly forged: boolean;
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key, value] = pair.split('=', 2);
    if (key?.trim() === name) return value?.trim();
  }
  return undefined;
}

/** Reads the cookies of a request; a voter that is missing or forged is replaced by a new one. */
export function readVisitor(sessionKey: KeyObject, header: string | undefined, round: string): Visitor {
  const given = cookieOf(header, VOTER_COOKIE);
  const voter = given === undefined ? null : readVoter(sessionKey, given);
  if (voter === null) return { voter: newVoter(), choice: null, isNew: true, forged: given !== undefined };
  const chosen = cookieOf(header, choiceCookieName(round));
  const choice = chosen === undefined ? null : readChoice(sessionKey, round, voter, chosen);
  return { voter, choice, isNew: false, forged: chosen !== undefined && choice === null };
}

function setCookie(name: string, value: string, maxAge: number, secure: boolean): string {
  return `${name}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** `Set-Cookie` values that make the next request of this visitor a good one; none when it was one already. */
export function repairedCookies(sessionKey: KeyObject, visitor: Visitor, round: string, secure: boolean): string[] {
  const { voter, isNew, forged } = visitor;
  const cookies = isNew ? [setCookie(VOTER_COOKIE, signVoter(sessionKey, voter), COOKIE_MAX_AGE_S, secure)] : [];
  // A choice is signed for its voter: with a new voter the old one would be a forgery too.
  if (forged) cookies.push(setCookie(choiceCookieName(round), '', 0, secure));
  return cookies;
}

export interface Chosen {
  readonly round: string;
  readonly voter: string;
  readonly choice: Choice;
}

/** The `Set-Cookie` value that lets a browser show its vote later. */
export function choiceCookie(sessionKey: KeyObject, { round, voter, choice }: Chosen, secure: boolean): string {
  return setCookie(choiceCookieName(round), signChoice(sessionKey, round, voter, choice), COOKIE_MAX_AGE_S, secure);
}

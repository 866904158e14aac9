import { createHash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';

import { mac } from './mac.ts';

/** Name of the cookie that carries the voter (as S0 named it). */
export const VOTER_COOKIE = 'userID';

/** Name of the cookie that carries the voter's choice in one round. */
export function choiceCookieName(round: string): string {
  return `voteapp_${createHash('sha256').update(round).digest('hex').slice(0, 8)}`;
}

function macOf(key: KeyObject, purpose: string, ...fields: readonly (string | number)[]): string {
  return mac(key, [purpose, ...fields].join('\0'));
}

function sameMac(expected: string, given: string): boolean {
  return expected.length === given.length && timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}

/** A new voter: 128 random bits in base64url. */
export function newVoter(): string {
  return randomBytes(16).toString('base64url');
}

/** `<voter>.<mac>` */
export function signVoter(key: KeyObject, voter: string): string {
  return `${voter}.${macOf(key, 'voter', voter)}`;
}

/** The voter of a cookie value; null when it was not signed with this key. */
export function readVoter(key: KeyObject, value: string): string | null {
  const match = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})$/.exec(value);
  const [, voter, given] = match ?? [];
  if (voter === undefined || given === undefined) return null;
  return sameMac(macOf(key, 'voter', voter), given) ? voter : null;
}

/** The last vote a browser was given a 202 for. */
export interface Choice {
  readonly option: string;
  readonly seq: number;
}

/** `<option>.<seq>.<mac>`, good for this voter and round only. */
export function signChoice(key: KeyObject, round: string, voter: string, { option, seq }: Choice): string {
  return `${option}.${seq}.${macOf(key, 'choice', round, voter, option, seq)}`;
}

/** The choice of a cookie value; null when it was not signed for this voter and round. */
export function readChoice(key: KeyObject, round: string, voter: string, value: string): Choice | null {
  const match = /^([a-z0-9-]{1,40})\.([0-9]{1,16})\.([A-Za-z0-9_-]{22})$/.exec(value);
  const [, option, seq, given] = match ?? [];
  if (option === undefined || seq === undefined || given === undefined) return null;
  if (!sameMac(macOf(key, 'choice', round, voter, option, Number(seq)), given)) return null;
  return { option, seq: Number(seq) };
}

/** `<seq>.<mac>`: proof that its holder has voted in the round, for polls whose results are shown after a vote. */
export function signReceipt(key: KeyObject, round: string, seq: number): string {
  return `${seq}.${macOf(key, 'receipt', round, seq)}`;
}

export function isReceipt(key: KeyObject, round: string, value: string): boolean {
  const match = /^([0-9]{1,16})\.([A-Za-z0-9_-]{22})$/.exec(value);
  const [, seq, given] = match ?? [];
  return seq !== undefined && given !== undefined && sameMac(macOf(key, 'receipt', round, Number(seq)), given);
}

import { createCipheriv, type KeyObject } from 'node:crypto';

import { signVoter, VOTER_COOKIE } from '@voteapp/contracts/signed';

import { type Ballots, optionOf, voterOf } from './ledger.ts';
import type { Electorate, Load } from './load.ts';

const DIGIT_0 = 0x30;
const HOLE = '#';
/** Of a voter's id, before base64url. */
const ID_BYTES = 16;
/** More than are needed in one run of seconds: to make names takes time, which is then before the clock starts. */
const NAMES_AT_ONCE = 2 ** 18;

/** The ids of the options that votes are for: one letter apart, so that requests differ in bytes and not in length. */
export function optionIds(options: number): string[] {
  if (options > 10) throw new Error('A request has room for one digit of the option.');
  return Array.from({ length: options }, (_, option) => `option-${option}`);
}

/**
 * The ids of so many voters from the `first` on: 22 characters of random bits each, as browsers have. Numbers in a row
 * would reach a table that is ordered by voter at its end alone, which no electorate does.
 */
export function voterIds(first: number, count: number): string[] {
  const numbers = Buffer.alloc(count * ID_BYTES);
  for (let index = 0; index < count; index += 1) numbers.writeUInt32BE(first + index, index * ID_BYTES);
  // A cipher without chaining gives each block another one: no two voters are alike.
  const ids = createCipheriv('aes-128-ecb', Buffer.alloc(ID_BYTES), null).update(numbers);
  return Array.from({ length: count }, (_, index) =>
    ids.toString('base64url', index * ID_BYTES, (index + 1) * ID_BYTES),
  );
}

/** A cookie for each voter, signed with the key, one after the other. */
export function signCookies(sessionKey: KeyObject, { voters }: Ballots): Buffer {
  const sign = (voter: string): string => signVoter(sessionKey, voter);
  return Buffer.from(voterIds(0, voters).map(sign).join(''));
}

/** The names of voters in a row, of one length, one after the other. */
interface Names {
  readonly first: number;
  readonly count: number;
  readonly bytes: Buffer;
}

function namesOf(electorate: Electorate, { voters }: Ballots, voter: number): Names {
  if (electorate.by === 'cookie') return { first: 0, count: voters, bytes: Buffer.from(electorate.cookies) };
  const count = Math.min(NAMES_AT_ONCE, voters - voter);
  return { first: voter, count, bytes: Buffer.from(voterIds(voter, count).join('')) };
}

function template({ path, ballots, electorate, connectionPerVote }: Load, width: number): Buffer {
  const headers = ['host: bench', ...(connectionPerVote ? ['connection: close'] : [])];
  if (ballots === null) return Buffer.from(`GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
  const name = HOLE.repeat(width);
  const voter = electorate.by === 'name' ? `"voter":"${name}",` : '';
  if (electorate.by === 'cookie') headers.push(`cookie: ${VOTER_COOKIE}=${name}`);
  const body = `{${voter}"option":"option-0"}`;
  headers.push('content-type: application/json', `content-length: ${body.length}`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * Requests that exist before the clock starts, but for the bytes that tell them apart: the generator shares the machine
 * with what it measures.
 */
export class RequestWriter {
  readonly #ballots: Ballots | null;
  readonly #electorate: Electorate;
  readonly #width: number;
  readonly #template: Buffer;
  readonly #nameAt: number;
  readonly #optionAt: number;
  #names: Names = { first: 0, count: 0, bytes: Buffer.alloc(0) };

  constructor(load: Load) {
    this.#ballots = load.ballots;
    this.#electorate = load.electorate;
    if (load.ballots !== null) this.#names = namesOf(load.electorate, load.ballots, voterOf(load.ballots, load.first));
    this.#width = load.ballots === null ? 0 : this.#names.bytes.length / this.#names.count;
    this.#template = template(load, this.#width);
    this.#nameAt = this.#template.indexOf(HOLE);
    // Before `"}`.
    this.#optionAt = this.#template.length - 3;
  }

  /** A place for the requests of one connection, one at a time. */
  blank(): Buffer {
    return Buffer.from(this.#template);
  }

  /** Makes the request of a vote of `blank`. */
  fill(blank: Buffer, vote: number): void {
    if (this.#ballots === null) return;
    const voter = voterOf(this.#ballots, vote);
    if (voter < this.#names.first || voter >= this.#names.first + this.#names.count)
      this.#names = namesOf(this.#electorate, this.#ballots, voter);
    const at = (voter - this.#names.first) * this.#width;
    this.#names.bytes.copy(blank, this.#nameAt, at, at + this.#width);
    blank[this.#optionAt] = DIGIT_0 + optionOf(this.#ballots, vote);
  }
}

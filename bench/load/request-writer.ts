import { createCipheriv, type KeyObject } from 'node:crypto';

import { signVoter, VOTER_COOKIE } from '@voteapp/contracts/signed';

import { type Ballots, optionOf, voterOf } from './ledger.ts';
import type { Electorate, Load } from './load.ts';

const DIGIT_0 = 0x30;
const HOLE = '#';
/** Of a voter's id, before base64url. */
const ID_BYTES = 16;

/** The ids of the options that votes are for: one letter apart, so that requests differ in bytes and not in length. */
export function optionIds(options: number): string[] {
  if (options > 10) throw new Error('A request has room for one digit of the option.');
  return Array.from({ length: options }, (_, option) => `option-${option}`);
}

/**
 * The ids of all voters, one after the other: 22 characters of random bits each, as browsers have. Numbers in a row
 * would reach a table that is ordered by voter at its end alone, which no electorate does.
 */
export function voterIds({ voters }: Ballots): string[] {
  const numbers = Buffer.alloc(voters * ID_BYTES);
  for (let voter = 0; voter < voters; voter += 1) numbers.writeUInt32BE(voter, voter * ID_BYTES);
  // A cipher without chaining gives each block another one: no two voters are alike.
  const ids = createCipheriv('aes-128-ecb', Buffer.alloc(ID_BYTES), null).update(numbers);
  return Array.from({ length: voters }, (_, voter) =>
    ids.toString('base64url', voter * ID_BYTES, (voter + 1) * ID_BYTES),
  );
}

/** A cookie for each voter, signed with the key, one after the other. */
export function signCookies(sessionKey: KeyObject, ballots: Ballots): Buffer {
  const sign = (voter: string): string => signVoter(sessionKey, voter);
  return Buffer.from(voterIds(ballots).map(sign).join(''));
}

/** The names of all voters, of one length, one after the other. */
function voterNames(electorate: Electorate, ballots: Ballots): Buffer {
  return Buffer.from(electorate.by === 'cookie' ? electorate.cookies : voterIds(ballots).join(''));
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
  readonly #names: Buffer;
  readonly #width: number;
  readonly #template: Buffer;
  readonly #nameAt: number;
  readonly #optionAt: number;

  constructor(load: Load) {
    this.#ballots = load.ballots;
    this.#names = load.ballots === null ? Buffer.alloc(0) : voterNames(load.electorate, load.ballots);
    this.#width = load.ballots === null ? 0 : this.#names.length / load.ballots.voters;
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
    const voter = voterOf(this.#ballots, vote) * this.#width;
    this.#names.copy(blank, this.#nameAt, voter, voter + this.#width);
    blank[this.#optionAt] = DIGIT_0 + optionOf(this.#ballots, vote);
  }
}

import type { KeyObject } from 'node:crypto';

import { type Definition, type PollOption, refusalAt } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { MAX_VOTER_BYTES } from '@voteapp/contracts/http/vote';
import { encodeEntry } from '@voteapp/contracts/message';
import { type Choice, signReceipt } from '@voteapp/contracts/signed';
import { roundTagKey, shardOf, tagOf } from '@voteapp/contracts/voter-tag';

import type { Origins } from '../origin.ts';
import type { Placement } from '../publishing/group-commit.ts';
import type { Producer } from '../publishing/producer.ts';
import type { Office } from '../publishing/producers.ts';
import { createSequence } from '../sequence.ts';
import { choiceCookie, readVisitor, repairedCookies, type Visitor } from '../voter.ts';
import type { RequestFacts } from './caller.ts';

/** What a request asks for, before anything is checked against the poll. */
export interface Ballot {
  /** The option's index in the poll; -1: it has no such option. */
  readonly indexIn: (options: readonly PollOption[]) => number;
  /** The voter that the caller names; absent: the voter of the cookie. */
  readonly voter?: string | undefined;
  /** The caller's own id of the vote. */
  readonly id?: string | undefined;
}

export interface AcceptedVote {
  /** The caller's id, or the name the vote was given. */
  readonly id: string;
  readonly round: string;
  readonly option: string;
  readonly index: number;
  readonly seq: number;
  readonly receipt?: string;
}

export interface JudgeDeps {
  readonly sessionKey: KeyObject;
  readonly roundKey: KeyObject;
  readonly origins: Origins;
  readonly office: () => Office | null;
}

/** One attempt to vote. */
export interface Attempt {
  readonly request: RequestFacts;
  /** When its body was complete, ms. */
  readonly arrival: number;
  /** Takes the `Set-Cookie` values of the answer, whatever the outcome. */
  readonly cookies: string[];
}

/** A ballot that the poll takes, with all that its answer needs: it waits for its batch, and thousands beside it. */
export interface Judged {
  readonly producer: Producer;
  readonly shard: number;
  /** By `encodeEntry`. */
  readonly entry: string;
  readonly definition: Definition;
  /** The caller's own id of the vote. */
  readonly id: string | undefined;
  readonly index: number;
  readonly choice: Choice;
  readonly visitor: Visitor | null;
}

export interface Judge {
  /** What the poll makes of a ballot. Throws RequestError where it does not take it. */
  judge(ballot: Ballot, attempt: Attempt): Judged;
  /** The outcome of a ballot whose vote is stored. */
  accept(judged: Judged, place: Placement, attempt: Attempt): AcceptedVote;
}

interface Elector {
  readonly tag: string;
  /** null: the caller named the voter. */
  readonly visitor: Visitor | null;
}

/** Judges votes, whatever route they came by. */
export function createJudge({ sessionKey, roundKey, origins, office }: JudgeDeps): Judge {
  const tagKey = createTagKeys(roundKey);
  const nextSeq = createSequence();

  function electorOf(ballot: Ballot, { request, cookies }: Attempt, definition: Definition): Elector {
    const { round, policy, voters } = definition;
    if (!voters.includes(ballot.voter === undefined ? 'Cookie' : 'Named')) throw new RequestError('voter_not_taken');
    if (ballot.voter !== undefined) {
      if (Buffer.byteLength(ballot.voter) > MAX_VOTER_BYTES) throw new RequestError('voter_too_long');
      return { tag: tagOf(tagKey(round), 'named', ballot.voter), visitor: null };
    }
    const visitor = readVisitor(sessionKey, request.headers.cookie, round);
    cookies.push(...repairedCookies(sessionKey, visitor, round, origins.isSecure(request)));
    if (visitor.forged) throw new RequestError('invalid_cookie');
    if (policy === 'FirstVoteWins' && visitor.choice !== null) throw new RequestError('already_voted');
    return { tag: tagOf(tagKey(round), 'cookie', visitor.voter), visitor };
  }

  return {
    judge(ballot, attempt) {
      const { request, arrival } = attempt;
      if (origins.isCrossSite(request)) throw new RequestError('cross_site');
      const held = office();
      if (held === null) throw new RequestError('starting');
      const { definition, producer } = held;
      const { round, shards } = definition;
      const refusal = refusalAt(definition, arrival);
      if (refusal !== null) throw new RequestError(refusal);
      const index = ballot.indexIn(definition.options);
      const option = definition.options[index]?.id;
      if (option === undefined) throw new RequestError('unknown_option');
      const { tag, visitor } = electorOf(ballot, attempt, definition);
      const { id } = ballot;
      const seq = nextSeq(arrival, visitor?.choice?.seq);
      const idTag = id === undefined ? undefined : tagOf(tagKey(round), 'id', id);
      const entry = encodeEntry(tag, index, seq, idTag);
      const shard = shardOf(tag, shards);
      return { producer, shard, entry, definition, id, index, choice: { option, seq }, visitor };
    },

    accept({ producer, shard, definition, id: given, index, choice, visitor }, place, { request, cookies }) {
      const { round, visibility } = definition;
      const { option, seq } = choice;
      if (visitor !== null) {
        const chosen = { round, voter: visitor.voter, choice };
        cookies.push(choiceCookie(sessionKey, chosen, origins.isSecure(request)));
      }
      const id = given ?? `${producer.id}-${shard}-${place.n}-${place.index}`;
      const accepted = { id, round, option, index, seq };
      return visibility === 'AfterVote' ? { ...accepted, receipt: signReceipt(sessionKey, round, seq) } : accepted;
    },
  };
}

/** The tag key of a round; that of the last one asked for is kept. */
function createTagKeys(roundKey: KeyObject): (round: string) => KeyObject {
  let kept: { readonly round: string; readonly key: KeyObject } | undefined;
  return (round) => {
    if (kept?.round !== round) kept = { round, key: roundTagKey(roundKey, round) };
    return kept.key;
  };
}

import type { Message, RejectReason, VotesMessage } from '@voteapp/contracts/message';

import type { Applied } from '../port.ts';
import type { Fault, Incoming } from './incoming.ts';
import { RoundLedger, type RoundPlan } from './round-ledger.ts';
import type { Rows } from './rows.ts';

/** Stands for a whole message where an entry's index is asked for. */
export const WHOLE_MESSAGE = -1;

/** Something accepted that is not counted; its key is (digest, index). */
export interface RejectedRow extends Fault {
  readonly digest: string;
  /** Of the entry, or {@link WHOLE_MESSAGE}. */
  readonly index: number;
  readonly entries: number;
  /** As the message names them; null where it does not. */
  readonly round: string | null;
  readonly shard: number;
  readonly producer: string | null;
  readonly n: number | null;
  /** The bytes of a message set aside whole; null for an entry, whose batch keeps them. */
  readonly body: Uint8Array | null;
}

/** All that one transaction writes, whatever the database. */
export interface Plan {
  readonly rounds: readonly RoundPlan[];
  readonly rejected: readonly RejectedRow[];
  readonly applied: Applied;
}

/**
 * Computes the effect of messages of one shard, in order, from the rows that are stored: never from the deliveries
 * alone, so that a redelivery, or the same message twice in one call, changes nothing.
 */
export function planApply(shard: number, incoming: readonly Incoming[], rows: Rows): Plan {
  const ledgers = new Map([...rows.rounds].map(([round, stored]) => [round, new RoundLedger(round, shard, stored)]));
  const setAside = new Set(rows.setAside);
  const rejected: RejectedRow[] = [];

  for (const item of incoming) {
    const { message, digest } = item;
    const ledger = message === null ? undefined : ledgers.get(message.round);
    if (setAside.has(digest) || isSettled(item, ledger)) continue;
    const fault = item.fault ?? (message === null ? null : faultOf(message, shard, ledger));
    if (fault !== null) {
      const row = wholeMessage(item, fault, shard);
      setAside.add(digest);
      rejected.push(row);
      ledger?.setAside(row.entries);
    } else if (message !== null && ledger !== undefined) {
      rejected.push(...take(item, message, ledger));
    }
  }

  const plans = [...ledgers.values()].map((ledger) => ledger.plan());
  return { rounds: plans, rejected, applied: summarise(plans, rejected) };
}

/** True when the message can no longer change anything: committed, or a beat or marker of a final round. */
function isSettled({ message, digest }: Incoming, ledger: RoundLedger | undefined): boolean {
  if (message === null || ledger === undefined) return false;
  return 'votes' in message ? ledger.digestOf(message) === digest : ledger.facts.final;
}

/** Why the message is set aside whole; null when it is to be applied. */
function faultOf(message: Message, shard: number, ledger: RoundLedger | undefined): Fault | null {
  if (message.shard !== shard) {
    return { reason: 'wrong_shard', detail: `names shard ${message.shard} but came by the queue of shard ${shard}` };
  }
  if (ledger === undefined) return { reason: 'unknown_round', detail: `there is no round "${message.round}"` };
  const { shards, final } = ledger.facts;
  if (shard >= shards) return { reason: 'wrong_shard', detail: `the round has ${shards} shards` };
  if (!('votes' in message)) return null;
  if (ledger.digestOf(message) !== undefined) {
    return { reason: 'batch_conflict', detail: `batch ${message.n} of its producer is committed with other bytes` };
  }
  return final ? { reason: 'after_final', detail: 'the round is final' } : null;
}

function take(item: Incoming, message: Message, ledger: RoundLedger): RejectedRow[] {
  if ('beat' in message) {
    const { producer, def, beat } = message;
    ledger.beat({ producer, def, beat });
    return [];
  }
  if ('marker' in message) {
    ledger.marker(message.marker);
    return [];
  }
  return ledger.commit(item, message).map((fault) => ({ ...fault, ...nameOf(item, message), entries: 1, body: null }));
}

function nameOf({ digest }: Incoming, { round, shard, producer, n }: VotesMessage) {
  return { digest, round, shard, producer, n };
}

function wholeMessage(item: Incoming, fault: Fault, queueShard: number): RejectedRow {
  const { message, digest, body } = item;
  const row = { ...fault, index: WHOLE_MESSAGE, body };
  if (message !== null && 'votes' in message) {
    return { ...row, ...nameOf(item, message), entries: message.votes.length };
  }
  const unnamed = { ...row, digest, producer: null, n: null };
  // Nobody can tell how many votes unreadable bytes held; as none they would go unnoticed.
  if (message === null) return { ...unnamed, round: null, shard: queueShard, entries: 1 };
  return { ...unnamed, round: message.round, shard: message.shard, entries: 0 };
}

function summarise(plans: readonly RoundPlan[], rejectedRows: readonly RejectedRow[]): Applied {
  const rejected: Partial<Record<RejectReason, number>> = {};
  for (const { reason, entries } of rejectedRows) rejected[reason] = (rejected[reason] ?? 0) + entries;
  const applied = { batches: 0, accepted: 0, cast: 0, duplicates: 0, late: 0 };
  for (const { totals, counts } of plans) {
    applied.batches += totals.batches;
    applied.accepted += totals.accepted;
    applied.duplicates += totals.duplicates;
    applied.late += totals.late;
    applied.cast += counts.reduce((sum, { cast }) => sum + cast, 0);
  }
  const outsideRounds = rejectedRows.filter(({ round }) => !plans.some((plan) => plan.round === round));
  for (const { entries } of outsideRounds) applied.accepted += entries;
  return { ...applied, rejected };
}

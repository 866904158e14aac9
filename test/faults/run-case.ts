import { createSecretKey } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';

import type { FaultCase, Stage, Start } from './case.ts';
import { checkInvariants } from './invariants.ts';
import { Ledger } from './ledger.ts';
import { hitVotes, recoveryOf } from './moments.ts';
import { readStored } from './stored.ts';
import { residentMiB, type System, until } from './system.ts';

/** A case with fewer proves nothing. */
const LEAST_HITS = 10;
const MOST_UNKNOWN = 0.02;
const FLOOR = 0.95;
export const VOTES_PER_SECOND = 300;
/** Votes sent together at the moment of a fault, beside the rate. */
const BURST = 40;
const WARM_UP_VOTES = 300;
const AFTER_MS = 4_000;
const MOST_MIB = 512;
const RECOVERY_LIMIT_MS = 30_000;
const RECOVERED_LIMIT_MS = 120_000;
const DRAIN_LIMIT_MS = 120_000;
const SAMPLE_MS = 500;

export interface Outcome {
  readonly id: string;
  readonly on: FaultCase['on'];
  /** `void`: too little happened for the case to count. */
  readonly verdict: 'passed' | 'failed' | 'void';
  /** True when votes or a demand of the case are wrong, and not only a process slow or large. */
  readonly wrong: boolean;
  /** Why it is not passed, in sentences. */
  readonly reasons: readonly string[];
  readonly hits: number;
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  /** Answers after which a vote was sent again. */
  readonly again: number;
  readonly lost: number;
  readonly doubled: number;
  /** From the end of the fault until votes are accepted and their lag is low again; null: nothing had to recover. */
  readonly recoveryMs: number | null;
  readonly seconds: number;
}

/** Runs one case to its verdict. Rejects when the system cannot be started or never drains. */
export async function runCase(
  faultCase: FaultCase,
  {
    servers,
    rewrites = [],
    votesPerSecond = VOTES_PER_SECOND,
  }: Partial<Start> &
    Pick<Start, 'servers'> & {
      readonly votesPerSecond?: number;
    },
): Promise<Outcome> {
  const startedAt = performance.now();
  const ends: (() => Promise<unknown>)[] = [];
  const system = await faultCase.start({ servers, rewrites });
  ends.push(() => system.stop());
  // A run that is broken off leaves no process behind.
  const endAll = (): void => system.pids().forEach((pid) => process.kill(pid, 'SIGKILL'));
  process.once('exit', endAll);
  try {
    const outcome = await perform(faultCase, system, votesPerSecond, ends);
    return { ...outcome, seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    // One that fails keeps none of the others from ending; the servers' own end follows in any case.
    for (const end of ends.toReversed()) await end().catch(() => undefined);
    process.off('exit', endAll);
  }
}

async function perform(
  faultCase: FaultCase,
  system: System,
  votesPerSecond: number,
  ends: (() => Promise<unknown>)[],
): Promise<Omit<Outcome, 'seconds'>> {
  const { id, on, policy = 'LastVoteWins', load, floor = FLOOR } = faultCase;
  const ledger = new Ledger({ targets: system.targets, votesPerSecond, ...load });
  const moments: number[] = [];
  const unmet: string[] = [];
  let healedAt: number | null = null;
  let largest = 0;
  const sampling = setInterval(() => {
    largest = Math.max(largest, ...system.pids().map(residentMiB));
  }, SAMPLE_MS);
  ends.push(async () => {
    clearInterval(sampling);
    await ledger.stop();
  });
  const stage: Stage = {
    system,
    ledger,
    guests: new Set(),
    setAside: 0,
    async strike(act) {
      ledger.burst(BURST);
      // The burst leaves with this turn of the event loop; none of it can have been counted by the next.
      await new Promise((resolve) => setImmediate(resolve));
      moments.push(Date.now());
      await act();
    },
    heal() {
      healedAt = Date.now();
    },
    pause: (ms) => wait(ms),
    demand(isMet, otherwise) {
      if (!isMet) unmet.push(otherwise);
    },
    finally: (act) => ends.push(act),
  };

  ledger.start();
  await until('the first votes are accepted', () => ledger.acceptances.length >= WARM_UP_VOTES);
  await faultCase.inject(stage);
  const from = healedAt ?? Date.now();
  await until(
    'a vote is accepted after the fault',
    () => ledger.attempts.some(({ sentAt, answer }) => sentAt >= from && (answer === 202 || answer === 403)),
    RECOVERED_LIMIT_MS,
  );
  await wait(AFTER_MS);
  await ledger.stop();
  await until('the queue is empty and no transaction open', () => system.isDrained(), DRAIN_LIMIT_MS);

  const stored = await readStored(system.query);
  const key = roundTagKey(createSecretKey(system.roundKey), system.round);
  const { guests, setAside } = stage;
  const { lost, doubled, broken } = checkInvariants({
    ledger,
    stored,
    policy,
    guests,
    setAside,
    tagOf: (kind, value) => tagOf(key, kind, value).toString('base64url'),
  });
  const recovery =
    healedAt === null ? null : recoveryOf(ledger, stored, key, { struckAt: moments[0] ?? healedAt, healedAt });
  if (largest > MOST_MIB) broken.push(`I6 a process took ${Math.round(largest)} MiB, over ${MOST_MIB}`);
  if (recovery !== null && recovery.ms > RECOVERY_LIMIT_MS) {
    broken.push(`I7 the lag is ${recovery.after} ms, and was ${recovery.before} ms before`);
  }
  const hits = system.crashes() + hitVotes(ledger, stored, key, moments);
  const numbers = { ...numbersOf(ledger), hits };
  const faults = [...broken, ...unmet];
  const voids = voidReasons(numbers, floor);
  return {
    id,
    on,
    verdict: faults.length > 0 ? 'failed' : voids.length > 0 ? 'void' : 'passed',
    wrong: faults.some((fault) => !/^I[67] /.test(fault)),
    reasons: [...faults, ...voids],
    ...numbers,
    lost,
    doubled,
    recoveryMs: recovery?.ms ?? null,
  };
}

type Numbers = Pick<Outcome, 'hits' | 'sent' | 'accepted' | 'refused' | 'unknown' | 'again'>;

function numbersOf(ledger: Ledger): Omit<Numbers, 'hits'> {
  const sent = ledger.votes.length;
  return {
    sent,
    accepted: ledger.count('accepted'),
    refused: ledger.count('refused'),
    unknown: ledger.count('unknown'),
    again: ledger.attempts.length - sent,
  };
}

/** Why the case proves nothing, in sentences; empty: it does. */
function voidReasons({ hits, sent, accepted, unknown }: Numbers, floor: number): string[] {
  return [
    hits < LEAST_HITS && `only ${hits} votes or crash points were hit`,
    unknown > MOST_UNKNOWN * sent && `${unknown} of ${sent} votes have no answer`,
    accepted < floor * sent && `only ${accepted} of ${sent} votes were accepted`,
  ].filter((reason) => reason !== false);
}

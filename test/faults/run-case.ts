import { createSecretKey, type KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';

import type { FaultCase, Stage, Start } from './case.ts';
import { checkInvariants } from './invariants.ts';
import { Ledger } from './ledger.ts';
import { hitVotes, lagBefore, recoveryOf } from './moments.ts';
import { readStored, type Stored } from './stored.ts';
import { residentMiB, type System, until } from './system.ts';

/** A case with fewer proves nothing. */
const LEAST_HITS = 10;
const MOST_UNKNOWN = 0.02;
const FLOOR = 0.95;
/** What two cores carry that others use too, with the load generator and both servers; `--rate` takes another. */
export const VOTES_PER_SECOND = 300;
/** Votes sent together at the moment of a fault, beside the rate. */
const BURST = 40;
/** Before the first fault; the lag of its second half tells how fast the machine is. */
const WARM_UP_S = 2;
const AFTER_MS = 1_000;
const MOST_MIB = 512;
const RECOVERY_LIMIT_MS = 10_000;
/** Of 1 of 100 votes before the fault, and of 1 of 100 ticks of the generator: beyond it no time is judged. */
const MOST_LAG_BEFORE_MS = 125;
const MOST_LATENESS_MS = 50;
const RECOVERED_LIMIT_MS = 120_000;
const DRAIN_LIMIT_MS = 120_000;
const SAMPLE_MS = 500;

export interface Outcome {
  readonly id: string;
  readonly on: FaultCase['on'];
  /** `void`: too little happened for the case to count. */
  readonly verdict: 'passed' | 'failed' | 'void';
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
    const run = await perform(faultCase, system, votesPerSecond, ends);
    const outcome = await judge(faultCase, system, run);
    return { ...outcome, seconds: (performance.now() - startedAt) / 1_000 };
  } finally {
    // One that fails keeps none of the others from ending; the servers' own end follows in any case.
    for (const end of ends.toReversed()) await end().catch(() => undefined);
    process.off('exit', endAll);
  }
}

/** What has happened to a system that has nothing more to come. */
interface Run {
  readonly ledger: Ledger;
  readonly stage: Stage;
  /** When the case struck. */
  readonly moments: readonly number[];
  readonly healedAt: number | null;
  /** What the case demands and was not met: whatever the machine, and within a time. */
  readonly wrong: readonly string[];
  readonly late: readonly string[];
  readonly largestMiB: number;
}

async function perform(
  faultCase: FaultCase,
  system: System,
  votesPerSecond: number,
  ends: (() => Promise<unknown>)[],
): Promise<Run> {
  const ledger = new Ledger({ targets: system.targets, votesPerSecond, ...faultCase.load });
  const moments: number[] = [];
  const wrong: string[] = [];
  const late: string[] = [];
  let healedAt: number | null = null;
  let largestMiB = 0;
  const sampling = setInterval(() => {
    largestMiB = Math.max(largestMiB, ...system.pids().map(residentMiB));
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
      if (!isMet) wrong.push(otherwise);
    },
    demandWithin(what, ms, limitMs) {
      if (ms > limitMs) late.push(`${what}: ${ms} ms, over ${limitMs}`);
    },
    finally: (act) => ends.push(act),
  };

  const warmUp = WARM_UP_S * (faultCase.load?.votesPerSecond ?? votesPerSecond);
  ledger.start();
  await until('the first votes are accepted', () => ledger.acceptances.length >= warmUp);
  await faultCase.inject(stage);
  const from = healedAt ?? Date.now();
  await until(
    'a vote is accepted after the fault',
    () => ledger.attempts.some(({ sentAt, answer }) => sentAt >= from && (answer === 202 || answer === 403)),
    RECOVERED_LIMIT_MS,
  );
  // As long as the lag may still become low, there have to be votes to tell.
  const { recoveryMs = RECOVERY_LIMIT_MS } = faultCase;
  await wait(AFTER_MS + (healedAt === null ? 0 : Math.max(0, from + recoveryMs - Date.now())));
  await ledger.stop();
  await until('the queue is empty and no transaction open', () => system.isDrained(), DRAIN_LIMIT_MS);
  return { ledger, stage, moments, healedAt, wrong, late, largestMiB };
}

interface Times {
  readonly late: readonly string[];
  /** A machine that is slow by itself says nothing about the time that the product takes. */
  readonly tooSlow: string | false;
  readonly recoveryMs: number | null;
}

/** What took too long, or too much. */
function timesOf({ recoveryMs = RECOVERY_LIMIT_MS }: FaultCase, run: Run, stored: Stored, key: KeyObject): Times {
  const { ledger, moments, healedAt, largestMiB } = run;
  const late = [...run.late];
  const recovery = healedAt === null ? null : recoveryOf(ledger, stored, key, healedAt);
  if (recovery !== null && recovery.ms > recoveryMs)
    late.push(`I7 the lag is ${recovery.lag} ms, ${recovery.ms} ms after the fault`);
  if (largestMiB > MOST_MIB) late.push(`I6 a process took ${Math.round(largestMiB)} MiB, over ${MOST_MIB}`);
  const before = moments[0] === undefined ? 0 : lagBefore(ledger, stored, key, moments[0]);
  const isSlow = before > MOST_LAG_BEFORE_MS || ledger.lateness > MOST_LATENESS_MS;
  return {
    late,
    tooSlow:
      late.length > 0 &&
      isSlow &&
      `the machine was slow: a lag of ${before} ms before the fault, a generator that was ${ledger.lateness} ms late`,
    recoveryMs: recovery?.ms ?? null,
  };
}

/** Holds the run against the store. */
async function judge(faultCase: FaultCase, system: System, run: Run): Promise<Omit<Outcome, 'seconds'>> {
  const { id, on, policy = 'LastVoteWins', floor = FLOOR } = faultCase;
  const { ledger, moments } = run;
  const { guests, setAside } = run.stage;
  const stored = await readStored(system.query);
  const key = roundTagKey(createSecretKey(system.roundKey), system.round);
  const { lost, doubled, broken } = checkInvariants({
    ledger,
    stored,
    policy,
    guests,
    setAside,
    tagOf: (kind, value) => tagOf(key, kind, value),
  });
  const { late, tooSlow, recoveryMs } = timesOf(faultCase, run, stored, key);
  const numbers = { ...numbersOf(ledger), hits: system.crashes() + hitVotes(ledger, stored, key, moments) };
  const wrong = [...broken, ...run.wrong];
  const voids = [tooSlow, ...voidReasons(numbers, floor)].filter((reason) => reason !== false);
  const isFailed = wrong.length > 0 || (late.length > 0 && tooSlow === false);
  return {
    id,
    on,
    verdict: isFailed ? 'failed' : voids.length > 0 ? 'void' : 'passed',
    reasons: [...wrong, ...late, ...voids],
    ...numbers,
    lost,
    doubled,
    recoveryMs,
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

/** Why the case proves nothing, in sentences. */
function voidReasons({ hits, sent, accepted, unknown }: Numbers, floor: number): (string | false)[] {
  return [
    hits < LEAST_HITS && `only ${hits} votes or crash points were hit`,
    unknown > MOST_UNKNOWN * sent && `${unknown} of ${sent} votes have no answer`,
    accepted < floor * sent && `only ${accepted} of ${sent} votes were accepted`,
  ];
}

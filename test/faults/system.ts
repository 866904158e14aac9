import { readFileSync } from 'node:fs';

import type { Rewrite } from './rewrites.ts';
import type { Query } from './stored.ts';

/** A running VoteApp under test, whatever it runs on. */
export interface System {
  /** The round, which gives voters their tags. */
  readonly round: string;
  readonly roundKey: Buffer;
  /** Where votes go right now. */
  readonly targets: () => readonly string[];
  readonly query: Query;
  /** Processes that ended by themselves and were started again: crash points that were hit. */
  readonly crashes: () => number;
  /** Processes of the services that run now. */
  readonly pids: () => readonly number[];
  /** Replaces `spec.poll`. */
  edit(poll: object): Promise<void>;
  /** True when nothing that was accepted is still on its way into the store. */
  isDrained(): Promise<boolean>;
  stop(): Promise<void>;
}

/** What the processes of a case are changed by. */
export interface Changed {
  readonly rewrites?: readonly Rewrite[];
  /** Rewrites that end the process; those that are started after so many ends are spared. */
  readonly crashPoints?: readonly Rewrite[];
}

/** After so many crashes a case has hit enough, and the system may recover. */
export const CRASHES = 10;

/** Resident memory of a process in MiB; 0 when it has gone. */
export function residentMiB(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

/** Asks again and again until it is so. Throws `what` after the limit. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, limitMs = 90_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error(`Not within ${limitMs / 1_000} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

import { DEFAULT_LEAD_TIME_SECONDS } from '@voteapp/contracts/resource/services';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

/** Whether it is prime time at `now` (ms since the epoch): it ends when every vote is counted, as the services tell. */
export function isPrimeTime({ spec }: Pick<VotingApp, 'spec'>, now: number, isFinal: boolean): boolean {
  const start = primeTimeStart({ spec });
  return start !== null && now >= start && !isFinal;
}

/** When prime time begins, in ms since the epoch; null where there is none. */
export function primeTimeStart({ spec: { poll, primeTime } }: Pick<VotingApp, 'spec'>): number | null {
  if (primeTime === undefined || poll.opensAt === undefined) return null;
  return Date.parse(poll.opensAt) - (primeTime.leadTimeSeconds ?? DEFAULT_LEAD_TIME_SECONDS) * 1_000;
}

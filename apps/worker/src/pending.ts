import type { WorkerStore } from '@voteapp/store/port';

import type { Intake } from './intake.ts';

/** Writes how many votes wait on each shard. One that cannot be counted or written does not stop the others. */
export async function writePending(intakes: readonly Intake[], store: WorkerStore, now: () => number): Promise<void> {
  const outcomes = await Promise.allSettled(
    intakes.map(async (intake) => {
      const votes = await intake.waitingVotes();
      if (votes !== null) await store.writePending(intake.shard, votes, now());
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

import type { WorkerStore } from '@voteapp/store/port';

import type { Intake } from './intake.ts';

/** Writes how many votes wait on each shard, of which `intakes` has one each, in order. One that cannot be counted or written does not stop the others. */
export async function writePending(intakes: readonly Intake[], store: WorkerStore, now: () => number): Promise<void> {
  const outcomes = await Promise.allSettled(
    intakes.map(async (intake, shard) => {
      const votes = await intake.waitingVotes();
      if (votes !== null) await store.writePending(shard, votes, now());
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

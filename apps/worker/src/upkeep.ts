import type { Logger } from '@voteapp/kit/log';
import { Counter, Gauge, type Registry } from '@voteapp/kit/metrics';
import type { WorkerStore } from '@voteapp/store/port';

const DAY_MS = 24 * 60 * 60 * 1_000;

export interface UpkeepDeps {
  readonly store: Pick<WorkerStore, 'recount' | 'purge' | 'rounds'>;
  readonly registry: Registry;
  readonly log: Logger;
  readonly now: () => number;
}

export interface Upkeep {
  /** Proves the counters of every round that is not final, and once of each that is. */
  recount(): Promise<void>;
  /** Deletes what is stored of the voters of rounds that have been final for longer than their retention. */
  purge(): Promise<void>;
}

/** What is done to rounds beside the votes. Several workers may do it at once. */
export function createUpkeep({ store, registry, log, now }: UpkeepDeps): Upkeep {
  const registers = [registry];
  const differing = new Gauge({
    name: 'voteapp_worker_count_differences',
    help: 'Options whose counter the last recount did not bear out. Anything but 0 is a defect.',
    registers,
  });
  const recounts = new Counter({ name: 'voteapp_worker_recounts_total', help: 'Rounds counted anew.', registers });
  const proved = new Set<string>();

  return {
    async recount() {
      let options = 0;
      for (const { definition, final } of await store.rounds()) {
        const { round } = definition;
        if (proved.has(round)) continue;
        const differences = await store.recount(round);
        // Purged: there is nothing left to count from.
        if (differences === null || (final && differences.length === 0)) proved.add(round);
        if (differences === null) continue;
        recounts.inc();
        options += differences.length;
        // No numbers: they may be hidden, and the log is read by others.
        if (differences.length > 0) log.error({ round, options: differences.length }, 'Counters differ from the rows');
        else if (final) log.info({ round }, 'Counters of the final result are proved by the rows');
      }
      differing.set(options);
    },

    async purge() {
      for (const { definition, final } of await store.rounds()) {
        if (!final) continue;
        const before = now() - definition.retentionDays * DAY_MS;
        while (await store.purge(definition.round, before));
      }
    },
  };
}

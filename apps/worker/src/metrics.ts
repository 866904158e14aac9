import type { RejectReason } from '@voteapp/contracts/message';
import { Counter, Gauge, Histogram, type Registry } from '@voteapp/kit/metrics';
import type { Applied } from '@voteapp/store/port';

export interface WorkerMetrics {
  applied(applied: Applied): void;
  rejected(reason: RejectReason, entries: number): void;
  /** `sentAt`, `now`: ms by the publisher's and the worker's clock, the latter at the commit. */
  committed(sentAt: number, now: number): void;
  /** Starts a stopwatch; the function it returns stops it. */
  startApply(): () => void;
  held(queue: string, votes: number): void;
}

export function createWorkerMetrics(registry: Registry): WorkerMetrics {
  const registers = [registry];
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const accepted = counter('voteapp_worker_accepted_total', 'Entries of batches committed for the first time.');
  const cast = counter('voteapp_worker_cast_total', 'Votes applied.');
  const duplicates = counter('voteapp_worker_duplicates_total', 'Entries whose id was applied before.');
  const late = counter('voteapp_worker_late_total', 'Votes accepted after the close, under an older definition.');
  const transactions = counter('voteapp_worker_transactions_total', 'Transactions committed.');
  const rejected = new Counter({
    name: 'voteapp_worker_rejected_total',
    help: 'Entries set aside, by reason; only id_conflict is the doing of a caller.',
    labelNames: ['reason'],
    registers,
  });
  const lag = new Histogram({
    name: 'voteapp_worker_lag_seconds',
    help: 'From the sending of a message to its commit.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const apply = new Histogram({
    name: 'voteapp_worker_apply_seconds',
    help: 'Duration of one transaction, failed ones included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const held = new Gauge({
    name: 'voteapp_worker_held_votes',
    help: 'Votes taken from the queue and not committed.',
    labelNames: ['queue'],
    registers,
  });
  return {
    applied(counts) {
      transactions.inc();
      accepted.inc(counts.accepted);
      cast.inc(counts.cast);
      duplicates.inc(counts.duplicates);
      late.inc(counts.late);
    },
    rejected: (reason, entries) => rejected.inc({ reason }, entries),
    committed: (sentAt, now) => lag.observe(Math.max(0, now - sentAt) / 1000),
    startApply: () => apply.startTimer(),
    held: (queue, votes) => held.set({ queue }, votes),
  };
}

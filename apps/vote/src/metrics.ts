import { Counter, Gauge, Histogram, type Registry } from '@voteapp/kit/metrics';

/** What the gauges are read from when somebody collects them. */
export interface Readings {
  readonly pending: number;
  readonly inFlight: number;
  readonly breakerOpen: boolean;
  readonly definitionFromFile: boolean;
  /** Own clock − front's, ms; null: not measured yet. */
  readonly clockSkewMs: number | null;
}

export interface VoteMetrics {
  readonly accepted: Counter;
  readonly refused: Counter<'code'>;
  /** Observes a confirmed batch: its votes, and how long the confirm took in ms. */
  observeBatch(votes: number, ms: number): void;
}

/** None of them tells options apart: a metric would show the result of a poll that hides it. */
export function createVoteMetrics(registry: Registry, readings: () => Readings): VoteMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (now: Readings) => number): void => {
    const collect = function (this: Gauge): void {
      this.set(read(readings()));
    };
    registry.registerMetric(new Gauge({ name, help, registers: [], collect }));
  };
  gauge('voteapp_vote_pending', 'Votes that wait to be published.', ({ pending }) => pending);
  gauge('voteapp_vote_batches_in_flight', 'Batches that wait for their confirm.', ({ inFlight }) => inFlight);
  gauge('voteapp_vote_breaker_open', '1 while votes are refused because a batch is unconfirmed.', ({ breakerOpen }) =>
    Number(breakerOpen),
  );
  gauge(
    'voteapp_vote_definition_from_file',
    '1 while the poll is read from the mounted file.',
    ({ definitionFromFile }) => Number(definitionFromFile),
  );
  gauge(
    'voteapp_vote_clock_skew_seconds',
    'Own clock minus that of front.',
    ({ clockSkewMs }) => (clockSkewMs ?? 0) / 1_000,
  );
  const publishSeconds = new Histogram({
    name: 'voteapp_vote_publish_seconds',
    help: 'Time from the publication of a batch to its confirm.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5],
    registers,
  });
  const batchVotes = new Histogram({
    name: 'voteapp_vote_batch_votes',
    help: 'Votes of a confirmed batch.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
    registers,
  });
  return {
    accepted: new Counter({ name: 'voteapp_vote_accepted_total', help: 'Votes answered as stored.', registers }),
    refused: new Counter({
      name: 'voteapp_vote_refused_total',
      help: 'Votes refused, by error code.',
      labelNames: ['code'],
      registers,
    }),
    observeBatch(votes, ms) {
      publishSeconds.observe(ms / 1_000);
      batchVotes.observe(votes);
    },
  };
}

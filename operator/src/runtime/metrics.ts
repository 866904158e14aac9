import { Counter, Gauge, Histogram, type Registry } from '@voteapp/kit/metrics';

const RECONCILE_BUCKETS_S = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const QUEUE_BUCKETS_S = [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000];

/** How a run ended; `requeue` is to be run again at once. */
export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

/** What a queue is asked for when its metrics are read. */
export interface QueueProbe {
  /** Of each run under way, in seconds. */
  runSeconds(): readonly number[];
}

export interface KernelMetrics {
  readonly reconciles: Counter<'controller' | 'result'>;
  readonly reconcileErrors: Counter<'controller'>;
  readonly reconcileSeconds: Histogram<'controller'>;
  readonly activeWorkers: Gauge<'controller'>;
  readonly mostWorkers: Gauge<'controller'>;
  readonly queueDepth: Gauge<'name'>;
  readonly queueAdds: Counter<'name'>;
  readonly queueSeconds: Histogram<'name'>;
  readonly workSeconds: Histogram<'name'>;
  readonly queueRetries: Counter<'name'>;
  readonly requests: Counter<'code' | 'method'>;
  readonly isLeader: Gauge<'name'>;
  readonly missedEvents: Counter<'kind'>;
  /** Has the metrics of a queue's runs under way read from it. */
  probe(name: string, queue: QueueProbe): void;
}

/** The metrics of a kernel, by the names that dashboards for controller-runtime know. */
export function kernelMetrics(registry: Registry): KernelMetrics {
  const registers = [registry];
  const probes = new Map<string, QueueProbe>();
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const probed = (name: string, help: string, measure: (seconds: readonly number[]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['name'],
      registers,
      collect() {
        for (const [queue, probe] of probes) this.set({ name: queue }, measure(probe.runSeconds()));
      },
    });

  probed('workqueue_unfinished_work_seconds', 'How long all runs under way have taken together.', (seconds) =>
    seconds.reduce((sum, one) => sum + one, 0),
  );
  probed('workqueue_longest_running_processor_seconds', 'How long the oldest run under way has taken.', (seconds) =>
    Math.max(0, ...seconds),
  );
  return {
    reconciles: counter('controller_runtime_reconcile_total', 'Runs by result.', ['controller', 'result']),
    reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Runs that failed.', ['controller']),
    reconcileSeconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long a run takes.',
      labelNames: ['controller'],
      buckets: RECONCILE_BUCKETS_S,
      registers,
    }),
    activeWorkers: gauge('controller_runtime_active_workers', 'Runs under way.', ['controller']),
    mostWorkers: gauge('controller_runtime_max_concurrent_reconciles', 'Most runs at a time.', ['controller']),
    queueDepth: gauge('workqueue_depth', 'Keys that wait for a run.', ['name']),
    queueAdds: counter('workqueue_adds_total', 'Keys that were added.', ['name']),
    queueSeconds: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waits for its run.',
      labelNames: ['name'],
      buckets: QUEUE_BUCKETS_S,
      registers,
    }),
    workSeconds: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long the run of a key takes.',
      labelNames: ['name'],
      buckets: QUEUE_BUCKETS_S,
      registers,
    }),
    queueRetries: counter('workqueue_retries_total', 'Runs that were put off after a failure.', ['name']),
    requests: counter('rest_client_requests_total', 'Requests to the API server.', ['code', 'method']),
    isLeader: gauge('leader_election_master_status', 'Whether this process leads.', ['name']),
    missedEvents: counter('watch_missed_events_total', 'Changes that a list showed and the stream had not.', ['kind']),
    probe(name, queue) {
      probes.set(name, queue);
    },
  };
}

import { Counter, Gauge, Histogram, type Registry } from '@voteapp/kit/metrics';
import type { RequestHandler } from 'express';

// No metric has a number per option, which would tell hidden results, or an address as it was sent.

/** Counts and times the requests that pass; those to `streamPath`, which end when the viewer leaves, are not timed. */
export function observeRequests(registry: Registry, streamPath: string): RequestHandler {
  const registers = [registry];
  const requests = new Counter({
    name: 'voteapp_front_requests_total',
    help: 'Requests answered, by template of the route and status.',
    labelNames: ['route', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'voteapp_front_request_seconds',
    help: 'Time from the head of a request to the end of its answer, without streams.',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return (_request, response, next) => {
    const stop = seconds.startTimer();
    response.on('close', () => {
      const route = (response.req.route as { path?: string } | undefined)?.path ?? 'none';
      requests.inc({ route, status: response.statusCode });
      if (route !== streamPath) stop({ route });
    });
    next();
  };
}

export function storeFailures(registry: Registry): Counter {
  return new Counter({
    name: 'voteapp_front_store_failures_total',
    help: 'Calls of the store that failed.',
    registers: [registry],
  });
}

export interface Watched {
  readonly viewers: () => number;
  /** ms; null: nothing was read yet. */
  readonly snapshotAge: () => number | null;
}

/** Gauges that are read when somebody asks for the metrics. */
export function registerGauges(registry: Registry, { viewers, snapshotAge }: Watched): void {
  registry.registerMetric(
    new Gauge({
      name: 'voteapp_front_viewers',
      help: 'Open streams of results.',
      registers: [],
      collect() {
        this.set(viewers());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'voteapp_front_snapshot_age_seconds',
      help: 'Age of the newest reading of the counts; grows while nobody watches.',
      registers: [],
      collect() {
        const age = snapshotAge();
        if (age !== null) this.set(age / 1_000);
      },
    }),
  );
}

import { createRegistry } from '@voteapp/kit/metrics';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { kernelMetrics } from './metrics.ts';
import { recordedLog } from './testing/log.ts';
import { type Result, WorkQueue, type WorkQueueOptions } from './work-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Run {
  readonly key: string;
  readonly at: number;
  readonly signal: AbortSignal;
  readonly end: (result?: Result) => void;
  readonly fail: (message: string) => void;
}

/** A queue whose runs end when the test says. */
function bench(options: Partial<WorkQueueOptions> = {}) {
  const { log, lines } = recordedLog();
  const runs: Run[] = [];
  const from = performance.now();
  const queue = new WorkQueue({
    name: 'things',
    log,
    reconcile: (key, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Result>();
      const fail = (message: string): void => reject(new Error(message));
      runs.push({ key, at: performance.now() - from, signal, end: resolve, fail });
      return promise;
    },
    ...options,
  });
  return { queue, runs, lines, keys: () => runs.map(({ key }) => key) };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a work queue', () => {
  it('runs keys in their order, each once however often it was added', async () => {
    const { queue, keys } = bench({ concurrency: 2 });
    for (const key of ['a', 'b', 'a', 'c', 'b', 'c']) queue.add(key);
    await settle();
    expect(keys()).toEqual([]);
    queue.start();
    await settle();
    expect(keys()).toEqual(['a', 'b']);
  });

  it('runs a key once more that is added during its run, after that', async () => {
    const { queue, runs, keys } = bench();
    queue.start();
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    await settle();
    expect(keys()).toEqual(['a']);
    runs[0]!.end();
    await settle();
    expect(keys()).toEqual(['a', 'a']);
    runs[1]!.end();
    await settle();
    expect(queue.idle).toBe(true);
    expect(keys().length).toBe(2);
  });

  it('does not run a key within the call that adds it', async () => {
    const { queue, keys } = bench();
    queue.start();
    queue.add('a');
    expect(keys()).toEqual([]);
    await settle();
    expect(keys()).toEqual(['a']);
  });

  it('runs at the earliest of the times that were wished for', async () => {
    const { queue, runs } = bench();
    queue.start();
    queue.addAfter('a', 500);
    queue.addAfter('a', 300);
    queue.addAfter('a', 400);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs.map(({ at }) => at)).toEqual([300]);
  });

  it('takes no wish for later than in ten minutes', async () => {
    const { queue, runs } = bench();
    queue.start();
    queue.addAfter('a', 24 * 3_600_000);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(runs.map(({ at }) => at)).toEqual([600_000]);
  });

  it('runs again when a run asked for it', async () => {
    const { queue, runs } = bench();
    queue.start();
    queue.add('a');
    await settle();
    runs[0]!.end({ requeueAfterMs: 30_000 });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(runs.length).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs.length).toBe(2);
    runs[1]!.end({ requeueAfterMs: 0 });
    await settle();
    expect(runs.length).toBe(3);
  });

  it('tells for how long the oldest run has been', async () => {
    const { queue, runs } = bench();
    queue.start();
    expect(queue.longestRunMs).toBe(0);
    queue.add('a');
    await vi.advanceTimersByTimeAsync(700);
    queue.add('b');
    await vi.advanceTimersByTimeAsync(300);
    expect(queue.longestRunMs).toBe(1000);
    runs[0]!.end();
    await settle();
    expect(queue.longestRunMs).toBe(300);
  });
});

describe('a run that fails', () => {
  it('is tried again after pauses that double up to a limit, until it succeeds', async () => {
    const times: number[] = [];
    let failing = true;
    const from = performance.now();
    const { queue } = bench({
      backoffMs: { first: 5, longest: 50 },
      reconcile: async () => {
        times.push(performance.now() - from);
        if (failing) throw new Error('no');
      },
    });
    queue.start();
    queue.add('a');
    await vi.advanceTimersByTimeAsync(180);
    expect(times).toEqual([0, 5, 15, 35, 75, 125, 175]);
    failing = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(times.slice(7)).toEqual([225]);
    failing = true;
    queue.add('a');
    await vi.advanceTimersByTimeAsync(5);
    expect(times.slice(8)).toEqual([1180, 1185]);
  });

  it('is logged once for each message, and so is its success', async () => {
    const messages = ['one', 'one', 'two', 'two', ''];
    const { queue, lines } = bench({
      reconcile: async () => {
        const message = messages.shift();
        if (message) throw new Error(message);
      },
    });
    queue.start();
    queue.add('a');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lines.map(({ level, msg, err }) => [level, msg, (err as Error | undefined)?.message])).toEqual([
      ['error', 'Reconcile failed, will be tried again', 'one'],
      ['error', 'Reconcile failed, will be tried again', 'two'],
      ['info', 'Reconcile works again', undefined],
    ]);
  });

  it('may throw before it is a promise', async () => {
    const { queue, lines } = bench({
      reconcile: () => {
        throw new Error('early');
      },
    });
    queue.start();
    queue.add('a');
    await settle();
    expect(lines.length).toBe(1);
  });

  it('comes back at a rate that all keys share, and additions do not', async () => {
    const { queue, runs } = bench({
      concurrency: 1000,
      retryRate: { perSecond: 10, burst: 20 },
      backoffMs: { first: 1, longest: 1 },
    });
    queue.start();
    for (let i = 0; i < 50; i += 1) queue.add(`k${i}`);
    await settle();
    expect(runs.length).toBe(50);
    for (const run of runs) run.fail('no');
    await vi.advanceTimersByTimeAsync(1);
    expect(runs.length).toBe(70);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs.length).toBe(80);
    await vi.advanceTimersByTimeAsync(2000);
    expect(runs.length).toBe(100);
  });
});

describe('stopping', () => {
  it('waits for the runs under way, begins none, and keeps the keys for the next start', async () => {
    const { queue, runs, keys } = bench({ concurrency: 1 });
    queue.start();
    queue.add('a');
    queue.add('b');
    await settle();
    let hasStopped = false;
    const stopping = queue.stop().then(() => (hasStopped = true));
    queue.add('c');
    queue.add('a');
    await vi.advanceTimersByTimeAsync(19_999);
    expect([hasStopped, runs[0]!.signal.aborted]).toEqual([false, false]);
    runs[0]!.end();
    await stopping;
    queue.addAfter('d', 1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(keys()).toEqual(['a']);
    queue.start();
    for (let i = 1; i <= 4; i += 1) {
      await settle();
      runs[i]!.end();
    }
    await settle();
    expect(keys()).toEqual(['a', 'b', 'c', 'a', 'd']);
    expect(queue.idle).toBe(true);
  });

  it('aborts a run that takes too long, which is run again after the next start without being logged', async () => {
    const { queue, runs, lines } = bench();
    queue.start();
    queue.add('a');
    await settle();
    const stopping = queue.stop();
    runs[0]!.signal.addEventListener('abort', () => runs[0]!.fail('aborted'));
    await vi.advanceTimersByTimeAsync(20_000);
    await stopping;
    expect(lines).toEqual([]);
    queue.start();
    await settle();
    expect(runs.length).toBe(2);
    expect(runs[1]!.signal.aborted).toBe(false);
  });

  it('gives up on a run that does not listen, and never runs its key beside it', async () => {
    const { queue, runs, lines } = bench();
    queue.start();
    queue.add('a');
    await settle();
    const stopping = queue.stop();
    await vi.advanceTimersByTimeAsync(25_000);
    await stopping;
    expect(lines.map(({ msg, keys }) => [msg, keys])).toEqual([['Reconciles went on after they were aborted', ['a']]]);
    queue.start();
    queue.add('a');
    await settle();
    expect(runs.length).toBe(1);
    runs[0]!.end();
    await settle();
    expect(runs.length).toBe(2);
  });
});

describe('the metrics of a queue', () => {
  it('have the names and the meaning that dashboards know', async () => {
    const registry = createRegistry('test', false);
    const { queue, runs } = bench({ metrics: kernelMetrics(registry), concurrency: 3 });
    const value = async (name: string, labels = '') =>
      new RegExp(`^${name}\\{${labels}[^}]*\\} (.*)$`, 'm').exec(await registry.metrics())?.[1];
    queue.start();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await value('workqueue_depth', 'name="things"')).toBe('1');
    expect(await value('workqueue_adds_total', 'name="things"')).toBe('4');
    expect(await value('controller_runtime_active_workers', 'controller="things"')).toBe('3');
    expect(await value('controller_runtime_max_concurrent_reconciles', 'controller="things"')).toBe('3');
    expect(await value('workqueue_unfinished_work_seconds', 'name="things"')).toBe('6');
    expect(await value('workqueue_longest_running_processor_seconds', 'name="things"')).toBe('2');
    runs[0]!.end();
    runs[1]!.end({ requeueAfterMs: 1000 });
    runs[2]!.fail('no');
    await settle();
    runs[3]!.end();
    await settle();
    const count = (result: string) =>
      value('controller_runtime_reconcile_total', `controller="things",result="${result}"`);
    expect([await count('success'), await count('requeue_after'), await count('error')]).toEqual(['2', '1', '1']);
    expect(await value('controller_runtime_reconcile_errors_total')).toBe('1');
    expect(await value('workqueue_retries_total')).toBe('1');
    expect(await value('controller_runtime_reconcile_time_seconds_sum')).toBe('6');
    expect(await value('workqueue_queue_duration_seconds_sum')).toBe('2');
    expect(await value('workqueue_depth')).toBe('0');
  });
});

describe('whatever is added, ended, failed, stopped and started', () => {
  const KEYS = ['a', 'b', 'c', 'd'];
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...KEYS) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('later' as const), key: fc.constantFrom(...KEYS) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'fail' as const), index: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'start' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(50) }) },
  );

  it('a key never runs twice at a time, each addition is followed by a run, and none runs for nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const concurrency = 2;
        const open: { readonly key: string; readonly resolve: () => void; readonly reject: (e: Error) => void }[] = [];
        // Keys that were added since their last run began.
        const wanted = new Set<string>();
        let wishes = 0;
        let runs = 0;
        const faults: string[] = [];
        const queue = new WorkQueue({
          name: 'things',
          log: recordedLog('silent').log,
          concurrency,
          reconcile: (key) => {
            if (open.some((run) => run.key === key)) faults.push(`${key} runs twice`);
            if (open.length >= concurrency) faults.push('too many run');
            runs += 1;
            wanted.delete(key);
            const { promise, resolve, reject } = Promise.withResolvers<void>();
            open.push({ key, resolve, reject });
            return promise;
          },
        });
        const want = (key: string): void => {
          wanted.add(key);
          wishes += 1;
        };
        const close = (index: number, how: 'end' | 'fail'): void => {
          const [run] = open.splice(index % Math.max(1, open.length), 1);
          if (run === undefined) return;
          if (how === 'end') run.resolve();
          else {
            want(run.key);
            run.reject(new Error('no'));
          }
        };
        queue.start();
        for (const one of steps) {
          if (one.do === 'add') {
            want(one.key);
            queue.add(one.key);
          } else if (one.do === 'later') {
            want(one.key);
            queue.addAfter(one.key, 20);
          } else if (one.do === 'end' || one.do === 'fail') close(one.index, one.do);
          else if (one.do === 'stop') void queue.stop();
          else if (one.do === 'start') queue.start();
          else if ('ms' in one) await vi.advanceTimersByTimeAsync(one.ms);
          await settle();
        }
        queue.start();
        for (let i = 0; i < 200 && (wanted.size > 0 || open.length > 0); i += 1) {
          await vi.advanceTimersByTimeAsync(100);
          close(0, 'end');
          await settle();
        }
        expect(faults).toEqual([]);
        expect(runs).toBeLessThanOrEqual(wishes);
        expect([...wanted]).toEqual([]);
        await settle();
        expect(queue.idle).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

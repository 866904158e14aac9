import { Writable } from 'node:stream';

import { createLogger } from '@voteapp/kit/log';
import { createRegistry } from '@voteapp/kit/metrics';
import { expect, it } from 'vitest';

import { watchSkew } from './skew.ts';

it('raises the alarm over 250 ms, logs it once a minute, and shows the worst of the minute', async () => {
  const lines: { aheadMs: number }[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as { aheadMs: number });
      done();
    },
  });
  const registry = createRegistry('worker', false);
  const skew = watchSkew(registry, createLogger({ level: 'info', service: 'worker', destination }));
  const metrics = () => registry.metrics();

  skew.observe(1_000, 1_900);
  skew.observe(2_250, 2_000);
  expect(await metrics()).toContain('voteapp_worker_clock_skew_seconds{service="worker"} 0.25');
  expect(lines).toEqual([]);

  skew.observe(3_251, 3_000);
  skew.observe(3_900, 3_100);
  expect(lines.map(({ aheadMs }) => aheadMs)).toEqual([251]);
  expect(await metrics()).toContain('voteapp_worker_clock_skew_seconds{service="worker"} 0.8');
  expect(await metrics()).toContain('voteapp_worker_skewed_messages_total{service="worker"} 2');

  skew.observe(61_900, 61_901);
  expect(await metrics()).toContain('voteapp_worker_clock_skew_seconds{service="worker"} 0\n');
  skew.observe(62_300, 62_000);
  expect(lines.map(({ aheadMs }) => aheadMs)).toEqual([251, 300]);
});

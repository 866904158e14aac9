import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createLogger } from '@voteapp/kit/log';
import { createRegistry } from '@voteapp/kit/metrics';
import { CannotListen } from '@voteapp/kit/server';
import { openEmbeddedQueue } from '@voteapp/queue/embedded/embedded-queue';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { createVoteService } from './service.ts';
import { votesOnly } from './testing/memory-queue.ts';
import { definition } from './testing/poll.ts';
import { vote } from './testing/requests.ts';
import { runService, type RunOptions, voteConfig } from './testing/run-service.ts';

async function run(options: RunOptions = {}) {
  const running = await runService(options);
  onTestFinished(() => running.stop());
  return running;
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
}

describe('a replica is ready', () => {
  it('when the poll is known', async () => {
    const { ready, front } = await run({ untilReady: false });
    front.definition = null;
    expect(await ready()).toEqual([503, 'the poll is not known yet']);
    front.definition = definition();
    await vi.waitFor(async () => expect((await ready())[0]).toBe(200), 30_000);
  });

  it('when the queue has confirmed a beat on every shard', async () => {
    const { ready, queue } = await run({ untilReady: false, fate: () => 'hold' });
    const waiting = [503, 'the queue has not confirmed the first beats'];
    await vi.waitFor(async () => expect(await ready()).toEqual(waiting), 30_000);
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    await vi.waitFor(async () => expect((await ready())[0]).toBe(200), 30_000);
  });

  it('while its clock is at most 1 s off front’s', async () => {
    let now = Date.now();
    const { ready, front } = await run({ now: () => now });
    front.clockAhead = -1_200;
    await vi.waitFor(
      async () => expect(await ready()).toEqual([503, 'the clock is 1200 ms off that of front']),
      30_000,
    );
    front.clockAhead = 900;
    now += 1;
    await vi.waitFor(async () => expect((await ready())[0]).toBe(200), 30_000);
  });

  it('also when the queue is lost, to tell voters so itself', async () => {
    let now = Date.now();
    const { url, ready, queue } = await run({ now: () => now });
    queue.fate = () => 'fail';
    expect((await vote(url, { option: 'coca' })).status).toBe(503);
    // The queues can be declared, so that the new producer's first beat is seen to fail.
    queue.fate = ({ body }) => (body.length > 0 ? 'fail' : 'confirm');
    now += 11_000;
    await vi.waitFor(() => expect(queue.sent.length).toBeGreaterThan(2), 30_000);
    expect([(await vote(url, { option: 'coca' })).status, (await ready())[0]]).toEqual([503, 200]);
  });
});

describe('metrics', () => {
  it('count votes, refusals by code and batches, and never tell options apart', async () => {
    const { url, queue } = await run();
    for (const option of ['coca', 'coca', 'pepsi', 'fanta']) await vote(url, { option });
    await fetch(`${url}/api/vote`, { method: 'POST' });
    expect(await metric(url, 'voteapp_vote_accepted_total{service="vote"}')).toBe(3);
    expect(await metric(url, 'voteapp_vote_refused_total{code="unknown_option",service="vote"}')).toBe(1);
    expect(await metric(url, 'voteapp_vote_refused_total{code="unsupported_media_type",service="vote"}')).toBe(1);
    expect(await metric(url, 'voteapp_vote_batch_votes_count{service="vote"}')).toBe(3);
    expect(await metric(url, 'voteapp_vote_publish_seconds_count{service="vote"}')).toBe(3);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).not.toMatch(/coca|pepsi|fanta/);

    queue.fate = votesOnly('hold');
    const waiting = vote(url, { option: 'coca' });
    await vi.waitFor(
      async () => expect(await metric(url, 'voteapp_vote_batches_in_flight{service="vote"}')).toBe(1),
      30_000,
    );
    expect((await waiting).status).toBe(503);
    expect(await metric(url, 'voteapp_vote_breaker_open{service="vote"}')).toBe(1);
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    await vi.waitFor(
      async () => expect(await metric(url, 'voteapp_vote_breaker_open{service="vote"}')).toBe(0),
      30_000,
    );
  });

  it('and health are on the admin port alone where there is one', async () => {
    const probe = await run();
    await probe.service.stop();
    const { url } = await run({ untilReady: false, config: { ADMIN_PORT: probe.port } });
    await vi.waitFor(
      async () => expect((await fetch(`http://127.0.0.1:${probe.port}/readyz`)).status).toBe(200),
      30_000,
    );
    expect((await fetch(`http://127.0.0.1:${probe.port}/api/poll`)).status).toBe(404);
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await fetch(`${url}${path}`)).status).toBe(404);
  });
});

describe('a change of the poll', () => {
  it('is followed without a restart: texts, options, the close', async () => {
    const { url, front, queue } = await run();
    expect((await vote(url, { option: 'fanta' })).status).toBe(400);
    const options = [...definition().options, { id: 'fanta', label: 'Fanta' }];
    front.definition = definition({ version: 2, options });
    await vi.waitFor(async () => expect((await vote(url, { option: 'fanta' })).status).toBe(202), 30_000);
    expect(queue.batches.at(-1)).toMatchObject({ def: 2, votes: [[expect.any(String), 2, expect.any(Number)]] });
    front.definition = definition({ version: 3, options, closesAt: Date.now() - 1 });
    await vi.waitFor(async () => expect((await vote(url, { option: 'coca' })).status).toBe(403), 30_000);
    await vi.waitFor(() => expect(queue.beats.at(-1)?.beat).toMatchObject({ closed: true }), 30_000);
    const { beat, producer } = queue.beats.at(-1)!;
    expect(beat.last).toBe(queue.batches.filter((batch) => batch.producer === producer).length);
    expect(beat.refused).toMatchObject({ unknown_option: expect.any(Number) as number });
  });

  it('to a new round starts a new count; every vote is in one of the two', async () => {
    const { url, front, queue } = await run();
    const rounds: string[] = [];
    const cast = async (): Promise<string> => {
      const response = await vote(url, { option: 'coca', voter: `v${rounds.length}` });
      const { round } = (await response.json()) as { round: string };
      rounds.push(round);
      return round;
    };
    await cast();
    front.definition = definition({ round: 'snacks', version: 2 });
    await vi.waitFor(async () => expect(await cast()).toBe('snacks'), 30_000);
    const stored = queue.batches.flatMap(({ round, votes }) => votes.map(() => round));
    expect(stored).toEqual(rounds);
    await vi.waitFor(() => {
      const old = queue.beats.filter(({ round }) => round === 'drinks').at(-1)!.beat;
      expect(old).toMatchObject({ closed: true, last: queue.batches.filter(({ round }) => round === 'drinks').length });
    }, 30_000);
  });
});

describe('a stop', () => {
  it('answers what is under way, takes no more, and ends with a closing beat', async () => {
    const { url, queue, service } = await run();
    queue.fate = votesOnly('hold');
    const agent = new Agent({ keepAlive: true });
    const answer = new Promise<{ status: number; connection: string | undefined }>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const sent = httpRequest(`${url}/api/vote`, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection });
      });
      sent.on('error', reject);
      sent.end('{"option":"coca"}');
    });
    await vi.waitFor(() => expect(queue.sent.some(({ headers }) => headers.votes === 1)).toBe(true), 30_000);
    const stopped = service.stop();
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
    queue.confirmHeld();
    queue.fate = () => 'confirm';
    expect(await answer).toEqual({ status: 202, connection: 'close' });
    await stopped;
    expect(queue.beats.at(-1)?.beat).toMatchObject({ closed: true, last: 1 });
    expect(await service.stop()).toBeUndefined();
    agent.destroy();
  });

  it('comes to an end while the queue is away', async () => {
    const { queue, service, url } = await run();
    queue.fate = () => 'fail';
    await vote(url, { option: 'coca' });
    const started = Date.now();
    await service.stop();
    expect(Date.now() - started).toBeLessThan(9_000);
  });
});

it('says that its address is taken, with nothing left running', async () => {
  const { port, queue } = await run();
  const second = createVoteService({
    config: voteConfig({ PORT: port }),
    queue,
    log: createLogger({ level: 'silent', service: 'vote' }),
    registry: createRegistry('vote', false),
  });
  await expect(second.start()).rejects.toThrow(CannotListen);
});

it('three replicas in one process keep their votes and numbers apart', async () => {
  const replicas = await Promise.all([run(), run(), run()]);
  await Promise.all(replicas.map(({ url }, index) => vote(url, { option: 'coca', voter: `v${index}` })));
  const producers = replicas.flatMap(({ queue }) => queue.batches.map(({ producer, n }) => `${producer}-${n}`));
  expect(new Set(producers).size).toBe(3);
});

it('works on the embedded queue: under load every 202 is stored once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'voteapp-vote-'));
  const queue = await openEmbeddedQueue({ directory });
  try {
    const { url, service } = await run({ queue });
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const response = await vote(url, {
          option: index % 3 === 0 ? 'pepsi' : 'coca',
          voter: `v${index}`,
          id: `id-${index}`,
        });
        return response.status;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([202]));
    await service.stop();
    const subscription = queue.subscribe(0);
    const deliveries = await subscription.take(10_000);
    expect(deliveries.reduce((sum, { headers }) => sum + headers.votes, 0)).toBe(300);
  } finally {
    await queue.close();
    await rm(directory, { recursive: true });
  }
});

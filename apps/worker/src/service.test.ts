import { rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CannotListen } from '@voteapp/kit/server';
import { QueueUnavailable } from '@voteapp/queue/port';
import { StoreOwnedByOther, StoreUnavailable } from '@voteapp/store/port';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { altered, type Bench, eventually, POLL, type Poll, ROUND, Workbench } from './fixtures/workbench.ts';

let bench: Workbench;

beforeEach(async () => {
  bench = await Workbench.open();
  await bench.writePoll(1, POLL);
});

afterEach(async () => {
  await bench.remove();
});

const REFUSED = 'Poll file was refused, the definition stays as it was';

function refusals(worker: Bench): unknown[] {
  return worker.lines.filter(({ msg }) => msg === REFUSED).map(({ level, problems }) => ({ level, problems }));
}

describe('health routes', () => {
  let away = false;

  async function started(environment: Record<string, string> = {}): Promise<string> {
    away = false;
    const ping = async (error: Error): Promise<void> => {
      if (away) throw error;
    };
    const worker = bench.worker(
      {
        queue: altered(bench.queue, { ping: () => ping(new QueueUnavailable('away')) }),
        store: altered(bench.store, { ping: () => ping(new StoreUnavailable('away')) }),
      },
      environment,
    );
    return `http://127.0.0.1:${(await worker.start()).port}`;
  }

  async function answer(url: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
    const response = await fetch(url, init);
    return { status: response.status, body: await response.json() };
  }

  test('they answer OK, and NOK with 503 while a server is away', async () => {
    const url = await started();
    expect(await answer(`${url}/api/healthchecksqs`)).toEqual({ status: 200, body: { sqsStatus: 'OK' } });
    expect(await answer(`${url}/api/healthcheckmysql`)).toEqual({ status: 200, body: { mysqlStatus: 'OK' } });
    away = true;
    expect(await answer(`${url}/api/healthchecksqs`)).toEqual({ status: 503, body: { sqsStatus: 'NOK' } });
    expect(await answer(`${url}/api/healthcheckmysql`)).toEqual({ status: 503, body: { mysqlStatus: 'NOK' } });
  });

  test('another address is 404, another method 405', async () => {
    const url = await started();
    const message = expect.any(String) as string;
    expect(await answer(`${url}/api/votes`)).toEqual({ status: 404, body: { error: { code: 'not_found', message } } });
    const response = await fetch(`${url}/api/healthchecksqs`, { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toEqual({ error: { code: 'method_not_allowed', message } });
  });

  test('readiness and metrics are on its own port, or on the admin port when there is one', async () => {
    const own = await started();
    expect(await (await fetch(`${own}/readyz`)).text()).toBe('ok\n');
    expect(await (await fetch(`${own}/metrics`)).text()).toContain('voteapp_worker_accepted_total{service="worker"} 0');

    const adminPort = await freePort();
    const apart = await started({ ADMIN_PORT: String(adminPort) });
    expect((await fetch(`${apart}/metrics`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${adminPort}/api/healthchecksqs`)).status).toBe(404);
  });

  test('it is not ready before it consumes, and says why', async () => {
    let away = true;
    const port = await freePort();
    const store = altered(bench.store, {
      open: (owner) => (away ? Promise.reject(new StoreUnavailable('away')) : bench.store.open(owner)),
    });
    const started = bench.worker({ store }, { PORT: String(port) }).start();
    const ready = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
    await eventually(ready).toBe('starting\n');
    away = false;
    await started;
    expect(await ready()).toBe('ok\n');
  });
});

describe('starts that fail', () => {
  test('a port in use is refused with a sentence, and nothing is left running', async () => {
    const { port } = await bench.worker().start();
    const second = bench.worker({}, { PORT: String(port) });
    await expect(second.start()).rejects.toThrow(CannotListen);
    await second.stop();
  });

  test('a store of another app is refused, and the port is free again', async () => {
    await bench.store.open('default/other');
    const port = await freePort();
    await expect(bench.worker({}, { PORT: String(port) }).start()).rejects.toThrow(StoreOwnedByOther);
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
  });

  test('a start that waits is ended by a stop', async () => {
    const store = altered(bench.store, { open: () => Promise.reject(new StoreUnavailable('away')) });
    const worker = bench.worker({ store });
    const started = worker.start();
    await eventually(() => worker.lines.length).toBeGreaterThan(0);
    await Promise.all([expect(started).rejects.toThrow(), worker.stop()]);
  });
});

describe('the poll file', () => {
  const POLL_OF_THREE: Poll = { ...POLL, options: [...POLL.options, { id: 'guarana' }] };

  test('an edit is taken up while it runs', async () => {
    const worker = bench.worker();
    await worker.start();
    expect((await bench.store.currentDefinition())?.title).toBe('coca × pepsi');
    await bench.writePoll(2, { ...POLL_OF_THREE, title: 'Sodas' });
    await eventually(async () => (await bench.store.currentDefinition())?.title).toBe('Sodas');
    expect((await bench.store.currentDefinition())?.options).toHaveLength(3);
    expect(refusals(worker)).toEqual([]);
  });

  test('the definition is stored before the first message is taken', async () => {
    await bench.queue.declare(1);
    await bench.publishBatch({ n: 1, votes: 2 });
    await bench.worker().start();
    await eventually(() => bench.counted()).toBe(2);
    expect((await bench.snapshot()).rejected).toBe(0);
  });

  const REFUSED_EDITS: Record<string, { content: string; problems: unknown[] }> = {
    'a changed policy': {
      content: pollFile(2, { ...POLL, policy: 'Unlimited' }),
      problems: [expect.stringMatching(/^spec\.poll\.policy must stay LastVoteWins/)],
    },
    'reordered options': {
      content: pollFile(2, { options: [{ id: 'pepsi' }, { id: 'coca' }] }),
      problems: [
        expect.stringMatching(/^spec\.poll\.options\[0\] must stay "coca"/),
        expect.stringMatching(/^spec\.poll\.options\[1\] must stay "pepsi"/),
      ],
    },
    'an invalid poll': {
      content: pollFile(2, { options: [{ id: 'coca' }], shards: 65 }),
      problems: [
        expect.stringMatching(/^poll\.options must have at least 2/),
        expect.stringMatching(/^poll\.shards must be at most 64/),
      ],
    },
    'a file that is not JSON': { content: '{"name":', problems: ['POLL_FILE is not valid JSON'] },
  };

  test.each(Object.entries(REFUSED_EDITS))('%s is refused once, and the old one stays', async (_title, edit) => {
    const worker = bench.worker();
    await worker.start();
    const before = await bench.store.currentDefinition();
    await bench.writeFile(edit.content);
    await eventually(() => worker.refused).toEqual([edit.problems]);
    expect(await bench.store.currentDefinition()).toEqual(before);

    // The next edit proves that several looks at the refused one have passed.
    await bench.writePoll(3, { ...POLL, title: 'Next' });
    await eventually(async () => (await bench.store.currentDefinition())?.title).toBe('Next');
    expect(worker.refused).toHaveLength(1);
    expect(refusals(worker)).toEqual([{ level: 'warn', problems: edit.problems }]);
  });

  test('a file that is not there is reported at the start, and taken up when it comes', async () => {
    const worker = bench.worker({}, { POLL_FILE: `${bench.pollFile}.later` });
    await worker.start();
    expect(worker.refused).toEqual([['POLL_FILE cannot be read (ENOENT)']]);
    await rename(bench.pollFile, `${bench.pollFile}.later`);
    await eventually(async () => (await bench.store.currentDefinition())?.title).toBe('coca × pepsi');
    await expect
      .poll(() =>
        bench.publishBatch({ n: 1, votes: 2 }).then(
          () => bench.counted(),
          () => 0,
        ),
      )
      .toBe(2);
  });

  test('a file that vanishes leaves the definition, and counts again when it is back', async () => {
    const worker = bench.worker();
    await worker.start();
    await rename(bench.pollFile, `${bench.pollFile}.away`);
    await eventually(() => worker.refused).toEqual([['POLL_FILE cannot be read (ENOENT)']]);
    await bench.writePoll(2, { ...POLL, title: 'Back' });
    await eventually(async () => (await bench.store.currentDefinition())?.title).toBe('Back');
  });

  test('an edit made while the store was away is written when it is back', async () => {
    let away = false;
    const store = altered(bench.store, {
      putBase: (...args) => (away ? Promise.reject(new StoreUnavailable('away')) : bench.store.putBase(...args)),
    });
    const worker = bench.worker({ store });
    await worker.start();
    away = true;
    await bench.writePoll(2, { ...POLL, title: 'Meanwhile' });
    await eventually(() => worker.lines.some(({ msg }) => msg === 'Task failed, will be repeated')).toBe(true);
    away = false;
    await eventually(async () => (await bench.store.currentDefinition())?.title).toBe('Meanwhile');
  });

  test('a new round with more shards is consumed on all of them', async () => {
    const worker = bench.worker();
    await worker.start();
    await bench.writePoll(2, { ...POLL, id: 'next', shards: 3 });
    await eventually(async () => (await bench.store.currentDefinition())?.round).toBe('next');
    const garbage = (shard: number): Promise<void> => bench.publish(shard, Buffer.from(`garbage ${shard}`), 1);
    await expect
      .poll(() =>
        garbage(2).then(
          () => 'stored',
          () => 'refused',
        ),
      )
      .toBe('stored');
    await garbage(1);
    const queues = (): unknown[] => worker.lines.filter(({ level }) => level === 'warn').map(({ queue }) => queue);
    await eventually(queues).toEqual(expect.arrayContaining(['1', '2']));
  });

  function pollFile(revision: number, poll: Poll): string {
    return JSON.stringify({ name: ROUND, revision, poll });
  }
});

describe('stopping', () => {
  async function stopWithin(publishedMeanwhile: number): Promise<void> {
    const entered = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const store = altered(bench.store, {
      apply: async (...args) => {
        entered.resolve();
        await commit.promise;
        return bench.store.apply(...args);
      },
    });
    const worker = bench.worker({ store, stopLimitMs: 60_000 });
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await entered.promise;
    for (let n = 2; n < 2 + publishedMeanwhile; n += 1) await bench.publishBatch({ n, votes: 4 });
    const stopped = worker.stop();
    commit.resolve();
    await stopped;
  }

  test.each([0, 1])('a transaction under way ends and is acknowledged, %i messages after it wait', async (messages) => {
    await stopWithin(messages);
    expect(await bench.counted()).toBe(3);
    const probe = bench.queue.subscribe(0);
    expect(await probe.ready()).toBe(messages);
    await probe.close();
    await bench.worker().start();
    await eventually(() => bench.counted()).toBe(3 + 4 * messages);
  });

  test('under load every vote is counted once, whichever worker took it', async () => {
    const first = bench.worker();
    await first.start();
    let published = 0;
    const load = (async () => {
      for (let n = 1; n <= 200; n += 1) {
        await bench.publishBatch({ n, votes: 20 });
        published += 20;
      }
    })();
    await eventually(() => bench.counted()).toBeGreaterThan(200);
    const second = bench.worker();
    await second.start();
    await first.stop();
    await load;
    await eventually(() => bench.counted()).toBe(published);
    expect((await bench.snapshot()).accepted).toBe(4_000);
  });

  test('it does not wait for a store that never answers, and what it held is counted by the next', async () => {
    const entered = Promise.withResolvers<void>();
    const store = altered(bench.store, {
      apply: () => {
        entered.resolve();
        return new Promise(() => {});
      },
    });
    const worker = bench.worker({ store, stopLimitMs: 50 });
    await worker.start();
    await bench.publishBatch({ n: 1, votes: 3 });
    await entered.promise;
    await worker.stop();
    await bench.worker().start();
    await eventually(() => bench.counted()).toBe(3);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

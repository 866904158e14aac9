import { readFile, rename, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { isRequired, reasonOf } from '../tools/programs.ts';
import { readComposeFile, startOrder } from './compose-file.ts';
import { ComposeRun } from './compose-run.ts';
import { imageFor } from './images.ts';

const VOTE = 8080;
const RESULTS = 8082;
const LONG = { timeout: 120_000 };
/** Their images have no other program. */
const PROGRAM_OF_NODE = new Set(['vote', 'worker', 'front', 'sqs']);
const IDLE_NODE = ['node', '--eval', 'setInterval(() => {}, 60_000)'];

/** Why the file cannot be run here; null where it can. */
async function missing(services: readonly string[]): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'namespaces and images need root';
  try {
    for (const service of services) await imageFor(service);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

describe.each([
  { queue: 'RabbitMQ', env: {}, profiles: [] },
  { queue: 'SQS', env: { QUEUE_TYPE: 'SQS' }, profiles: ['sqs'] },
])('compose.yaml on $queue, run without an engine', { timeout: 300_000 }, async ({ queue, env, profiles }) => {
  const file = await readComposeFile(env);
  const reason = await missing(startOrder(file, profiles));
  if (reason !== null && isRequired('mysql')) throw new Error(`compose.yaml cannot be run: ${reason}`);
  if (reason !== null) process.stderr.write(`Tests that run compose.yaml on ${queue} are skipped: ${reason}.\n`);
  let compose: ComposeRun;

  beforeAll(async () => {
    if (reason !== null) return;
    compose = await ComposeRun.create(file);
    await compose.up(profiles);
  }, 300_000);
  afterAll(() => compose?.remove(), 60_000);

  async function read(port: number, path: string): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse((await compose.ask(port, path)).text) as Readonly<Record<string, unknown>>;
  }
  const vote = async (voter: string) => (await compose.ask(VOTE, '/api/vote', { option: 'coca', voter })).status;
  const counted = async () => (await read(RESULTS, '/api/results'))['counted'];

  test.skipIf(reason !== null)('counts a vote that came through the proxy', async () => {
    expect(await vote('ana')).toBe(202);
    await expect.poll(counted, LONG).toBe(1);
    expect(await read(VOTE, '/api/healthcheck')).toEqual({ sqsStatus: 'OK' });
  });

  test.skipIf(reason !== null)('takes up an edit of the poll', async () => {
    const path = compose.path('compose/poll/poll.json');
    const poll = JSON.parse(await readFile(path, 'utf8')) as { revision: number; poll: object };
    await writeFile(`${path}.new`, JSON.stringify({ ...poll, revision: 2, poll: { ...poll.poll, title: 'Edited' } }));
    await rename(`${path}.new`, path);
    await expect.poll(async () => (await read(VOTE, '/api/poll'))['title'], LONG).toBe('Edited');
  });

  test.skipIf(reason !== null)('spreads votes over three replicas, and over those that are left', async () => {
    const others = [await compose.start('vote'), await compose.start('vote'), await compose.start('worker')];
    const replicas = () => compose.replicas.filter(({ service }) => service === 'vote');
    const names = async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => compose.ask(VOTE, '/votar/1', {})));
      return new Set(answers.map(({ text }) => / FROM (\S+)/.exec(text)?.[1])).size;
    };
    expect(replicas()).toHaveLength(3);
    await expect.poll(names, LONG).toBe(3);
    await compose.end(others[0]!);
    await compose.end(others[1]!);
    await expect.poll(() => vote('bia'), LONG).toBe(202);
    await expect.poll(names, LONG).toBe(1);
    await compose.end(others[2]!);
  });

  test.skipIf(reason !== null)('keeps what was counted when it is taken down and up again', async () => {
    await expect.poll(async () => (await read(RESULTS, '/api/results'))['pending'], LONG).toBe(0);
    const before = await counted();
    await compose.down();
    expect(compose.replicas).toEqual([]);
    await compose.up(profiles);
    await expect.poll(counted, LONG).toBe(before);
    expect(await vote('caio')).toBe(202);
    await expect.poll(counted, LONG).toBe(Number(before) + 1);
  });

  test.skipIf(reason !== null)('has health checks that tell the program from one that does nothing', async () => {
    const running = startOrder(file, profiles);
    expect(compose.replicas.map(({ service }) => service).sort()).toEqual([...running].sort());
    for (const replica of compose.replicas) expect(await compose.isHealthy(replica), replica.service).toBe(true);
    await compose.down();
    for (const name of running) {
      const idle = await compose.start(name, PROGRAM_OF_NODE.has(name) ? IDLE_NODE : ['sleep', 'infinity']);
      // By the same way as the check, that this one runs at all.
      const runs = await idle.container.exec(PROGRAM_OF_NODE.has(name) ? ['node', '--version'] : ['true']);
      expect(runs, name).toBeDefined();
      expect(await compose.isHealthy(idle), `${name} that does nothing`).toBe(false);
    }
  });
});

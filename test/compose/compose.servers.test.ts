import { readFile, rename, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { isRequired, reasonOf } from '../tools/programs.ts';
import { readComposeFile, startOrder } from './compose-file.ts';
import { ComposeRun } from './compose-run.ts';
import { imageFor, Images } from './images.ts';

const VOTE = 8080;
const RESULTS = 8082;
const LONG = { timeout: 120_000 };
const LIMIT = { timeout: 300_000 };
const PROFILES = ['sqs'];
/** Their images have no other program. */
const PROGRAM_OF_NODE = new Set(['vote', 'worker', 'front', 'sqs']);
const IDLE_NODE = ['node', '--eval', 'setInterval(() => {}, 60_000)'];

const everything = startOrder(await readComposeFile(), PROFILES);

/** Why the file cannot be run here; null where it can. */
async function missing(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'namespaces and images need root';
  try {
    for (const service of everything) await imageFor(service);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

const reason = await missing();
if (reason !== null && isRequired('mysql')) throw new Error(`compose.yaml cannot be run: ${reason}`);
if (reason !== null) process.stderr.write(`Tests that run compose.yaml are skipped: ${reason}.\n`);

describe.skipIf(reason !== null)('compose.yaml, run without an engine', LIMIT, () => {
  const images = new Images();
  let compose: ComposeRun;
  /** How many votes there may be, and how many of them a queue has for sure. */
  const votes = { tried: 0, accepted: 0 };

  beforeAll(async () => {
    compose = await ComposeRun.create(await readComposeFile(), images);
  });
  afterAll(async () => {
    await compose?.remove();
    await images.remove();
  }, LIMIT.timeout);

  async function read(port: number, path: string): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse((await compose.ask(port, path)).text) as Readonly<Record<string, unknown>>;
  }
  const counted = async () => Number((await read(RESULTS, '/api/results'))['counted']);

  async function vote(path = '/api/vote', body: object = { option: 'coca' }) {
    votes.tried += 1;
    const answer = await compose.ask(VOTE, path, body);
    if (answer.status < 300) votes.accepted += 1;
    return answer;
  }
  /** The proxy may not have heard of a replica that has come or gone. */
  async function expectAccepted(): Promise<void> {
    await expect.poll(async () => (await vote()).status, LONG).toBe(202);
  }
  async function expectAllCounted(): Promise<void> {
    await expect.poll(counted, LONG).toBeGreaterThanOrEqual(votes.accepted);
    expect(await counted()).toBeLessThanOrEqual(votes.tried);
  }

  describe.each([
    { queue: 'RabbitMQ', env: {}, profiles: [], ended: everything },
    // The same poll, led to another queue; what is as before is not ended again.
    { queue: 'SQS', env: { QUEUE_TYPE: 'SQS' }, profiles: PROFILES, ended: ['worker', 'sqs'] },
  ])('on $queue', ({ queue, env, profiles, ended }) => {
    beforeAll(async () => {
      await compose.up(profiles, { file: await readComposeFile(env) });
      votes.tried = votes.accepted = await counted();
    }, LIMIT.timeout);

    test('counts a vote that came through the proxy', async () => {
      await expectAccepted();
      await expectAllCounted();
      expect(await read(VOTE, '/api/healthcheck')).toEqual({ sqsStatus: 'OK' });
    });

    test('takes up an edit of the poll', async () => {
      const path = compose.path('compose/poll/poll.json');
      const file = JSON.parse(await readFile(path, 'utf8')) as { revision: number; poll: object };
      const edited = { ...file, revision: file.revision + 1, poll: { ...file.poll, title: queue } };
      await writeFile(`${path}.new`, JSON.stringify(edited));
      await rename(`${path}.new`, path);
      await expect.poll(async () => (await read(VOTE, '/api/poll'))['title'], LONG).toBe(queue);
    });

    test('spreads votes over three replicas, and over those that are left', async () => {
      const names = async () => {
        const answers = await Promise.all(Array.from({ length: 6 }, () => vote('/votar/1', {})));
        return new Set(answers.flatMap(({ text }) => / FROM (\S+)/.exec(text)?.[1] ?? [])).size;
      };
      await compose.up(profiles, { scale: { vote: 3, worker: 2 } });
      await expect.poll(names, LONG).toBe(3);
      await compose.up(profiles);
      await expect.poll(names, LONG).toBe(1);
      await expectAllCounted();
    });

    test('keeps what is counted and what waits in the queue when it is taken down and up again', async () => {
      await expectAccepted();
      await expectAllCounted();
      await compose.end(compose.replicas.find(({ service }) => service === 'worker')!);
      await expectAccepted();
      for (const replica of compose.replicas.toReversed()) {
        if (ended.includes(replica.service)) await compose.end(replica);
      }
      await compose.up(profiles);
      await expectAllCounted();
      await expectAccepted();
      await expectAllCounted();
    });
  });

  describe('the health check', () => {
    test.for(everything)('of %s tells the program, which got healthy, from one that does nothing', async (name) => {
      const isNode = PROGRAM_OF_NODE.has(name);
      const idle = await compose.start(name, isNode ? IDLE_NODE : ['sleep', 'infinity']);
      // By the same way as the check, that this one runs at all.
      expect(await idle.container.exec(isNode ? ['node', '--version'] : ['true'])).toBeDefined();
      expect(await compose.isHealthy(idle)).toBe(false);
      await compose.end(idle, 'SIGKILL');
    });
  });
});

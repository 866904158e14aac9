import { createSecretKey } from 'node:crypto';

import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';
import { afterEach, describe, expect, it } from 'vitest';

import { type MySqlServer, runSql, startMySql } from './servers/mysql.ts';
import { type RabbitMqServer, startRabbitMq } from './servers/rabbitmq.ts';
import { unlessMissing } from './servers/software.ts';
import { Deployment, type ServiceProcess, untilReady } from './tools/deployment.ts';
import { Ledger, openLoop } from './tools/ledger.ts';

interface Servers {
  readonly rabbitmq: RabbitMqServer;
  readonly mysql: MySqlServer;
}

/** Everything recovers within seconds; other suites may have the cores meanwhile. */
const RECOVERED = { timeout: 120_000 };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}, 60_000);

/** Servers of their own, for they are killed; null where this machine cannot have them. */
async function startServers(): Promise<Servers | null> {
  const [rabbitmq, mysql] = await Promise.all([
    unlessMissing('rabbitmq', startRabbitMq()),
    unlessMissing('mysql', startMySql('mysql-9.7')),
  ]);
  for (const server of [rabbitmq, mysql]) if (server !== null) cleanups.push(() => server.stop());
  return rabbitmq === null || mysql === null ? null : { rabbitmq, mysql };
}

interface Running extends Servers {
  readonly deployment: Deployment;
  readonly database: string;
  readonly votes: readonly ServiceProcess[];
  readonly worker: ServiceProcess;
  readonly front: ServiceProcess;
}

async function deploy({ rabbitmq, mysql }: Servers, poll: object, replicas: number): Promise<Running> {
  const database = await mysql.createDatabase();
  const deployment = await Deployment.create({ rabbitmq, mysql, database, poll });
  cleanups.push(() => deployment.stop());
  const worker = await deployment.start('worker');
  const front = await deployment.start('front');
  const votes = await Promise.all(
    Array.from({ length: replicas }, () => deployment.start('vote', { FRONT_URL: front.url })),
  );
  await Promise.all([worker, front, ...votes].map(untilReady));
  return { rabbitmq, mysql, deployment, database, votes, worker, front };
}

interface Results {
  readonly state: string;
  readonly counted: number;
  readonly cast: number;
  readonly pending: number | null;
  readonly final: object | null;
}

async function results({ front }: Running): Promise<Results | null> {
  const response = await fetch(`${front.url}/api/results`).catch(() => null);
  return response?.ok === true ? ((await response.json()) as Results) : null;
}

/** The tags in the table of votes, in hexadecimal. */
async function storedTags({ mysql, database }: Running): Promise<Set<string>> {
  const rows = await runSql(mysql, `SELECT LOWER(HEX(voter)) FROM ${database}.votes`);
  return new Set(rows.split('\n').filter((row) => row !== ''));
}

/** Every accepted vote is counted, once; beyond them only such whose answer left it open. */
async function expectExact(running: Running, ledger: Ledger): Promise<void> {
  const { deployment } = running;
  const key = roundTagKey(createSecretKey(deployment.roundKey), deployment.name);
  const tags = (voters: Iterable<string>): string[] =>
    [...voters].map((voter) => Buffer.from(tagOf(key, 'named', voter), 'base64url').toString('hex'));
  const stored = await storedTags(running);
  const lost = tags(ledger.accepted).filter((tag) => !stored.has(tag));
  expect(lost).toEqual([]);
  const sent = new Set(tags([...ledger.accepted, ...ledger.unknown]));
  expect([...stored].filter((tag) => !sent.has(tag))).toEqual([]);
  const { counted, cast } = (await results(running)) ?? { counted: -1, cast: -1 };
  // One vote a voter: with a vote applied twice, or a counter moved twice, these would differ.
  expect([counted, cast]).toEqual([stored.size, stored.size]);
}

describe('the services as processes, on RabbitMQ and MySQL', () => {
  it('close under load with one replica killed and one stopped for 10 s: the final result is exact', async ({
    skip,
  }) => {
    const servers = await startServers();
    if (servers === null) return skip('RabbitMQ or MySQL is missing');
    const poll = { options: [{ id: 'coca' }, { id: 'pepsi' }] };
    const running = await deploy(servers, poll, 3);
    const [killed, stopped] = running.votes;
    const ledger = new Ledger();
    const load = openLoop(
      running.votes.map(({ url }) => url),
      400,
      ledger,
    );
    await expect.poll(() => ledger.accepted.size).toBeGreaterThan(800);

    const closesAt = new Date(Date.now() + 4_000).toISOString();
    await running.deployment.edit({ ...poll, closesAt });
    await expect.poll(() => ledger.accepted.size).toBeGreaterThan(1_200);
    killed?.child.kill('SIGKILL');
    stopped?.child.kill('SIGSTOP');
    const resume = setTimeout(() => stopped?.child.kill('SIGCONT'), 10_000);
    cleanups.push(() => Promise.resolve(clearTimeout(resume)));

    await expect.poll(() => ledger.answers.get(403) ?? 0, { timeout: 20_000 }).toBeGreaterThan(100);
    await load.stop();
    const seen: Results[] = [];
    await expect
      .poll(
        async () => {
          const now = await results(running);
          if (now !== null) seen.push(now);
          return now?.final;
        },
        { timeout: 60_000, interval: 100 },
      )
      .not.toBeNull();
    const final = seen.at(-1);
    expect(final).toMatchObject({ state: 'Final', pending: 0 });
    await expectExact(running, ledger);
    expect(await results(running)).toMatchObject({ counted: final?.counted, final: final?.final });
    const known = [202, 403, 503, 'broken', 'late'];
    expect([...ledger.answers.keys()].filter((answer) => !known.includes(answer))).toEqual([]);
  }, 180_000);

  it('survive the kill and the stop of broker, database and worker under load', async ({ skip }) => {
    const servers = await startServers();
    if (servers === null) return skip('RabbitMQ or MySQL is missing');
    const running = await deploy(servers, { options: [{ id: 'coca' }, { id: 'pepsi' }] }, 2);
    const { rabbitmq, mysql, deployment } = running;
    let { worker } = running;
    const ledger = new Ledger();
    const load = openLoop(
      running.votes.map(({ url }) => url),
      1_000,
      ledger,
    );
    /** Votes are accepted and counted again, without a hand. */
    const recovered = async (): Promise<void> => {
      const before = ledger.accepted.size;
      await expect.poll(() => ledger.accepted.size, RECOVERED).toBeGreaterThan(before + 1_000);
      const counted = async (): Promise<number> => (await results(running))?.counted ?? 0;
      await expect.poll(counted, RECOVERED).toBeGreaterThan(before);
    };
    await recovered();

    await rabbitmq.kill();
    await rabbitmq.restart();
    await recovered();
    await rabbitmq.pause();
    const refused = ledger.answers.get(503) ?? 0;
    await expect.poll(() => ledger.answers.get(503) ?? 0, RECOVERED).toBeGreaterThan(refused + 1_000);
    await rabbitmq.resume();
    await recovered();

    await mysql.kill();
    const whileDown = ledger.accepted.size;
    await expect.poll(() => ledger.accepted.size, RECOVERED).toBeGreaterThan(whileDown + 1_000);
    // What it holds is in the queue still: a worker that acknowledged too early would take it along.
    worker.child.kill('SIGKILL');
    await worker.exited;
    await mysql.restart();
    worker = await deployment.start('worker');
    await recovered();
    await mysql.pause();
    const whilePaused = ledger.accepted.size;
    await expect.poll(() => ledger.accepted.size, RECOVERED).toBeGreaterThan(whilePaused + 1_000);
    await mysql.resume();
    await recovered();

    worker.child.kill('SIGKILL');
    await worker.exited;
    worker = await deployment.start('worker');
    await recovered();
    worker.child.kill('SIGSTOP');
    const second = await deployment.start('worker');
    worker.child.kill('SIGCONT');
    await untilReady(second);
    await recovered();

    await load.stop();
    // The queue is drained when nothing is pending and nothing more is counted.
    const stored = async (): Promise<number> =>
      Number(await runSql(mysql, `SELECT COUNT(*) FROM ${running.database}.votes`));
    await expect.poll(stored, RECOVERED).toBeGreaterThanOrEqual(ledger.accepted.size);
    await expect.poll(async () => (await results(running))?.pending, RECOVERED).toBe(0);
    await expectExact(running, ledger);
    // Late is what a crowded machine makes of any answer.
    expect([...ledger.answers.keys()].filter((answer) => ![202, 503, 'late'].includes(answer))).toEqual([]);
    expect(ledger.accepted.size).toBeGreaterThan(ledger.unknown.size);
  }, 600_000);
});

import { createSecretKey } from 'node:crypto';

import { roundTagKey, tagOf } from '@voteapp/contracts/voter-tag';
import { afterEach, describe, expect, it } from 'vitest';

import { createDatabase, runSql } from './servers/mysql.ts';
import { sharedMySql } from './servers/shared.ts';
import { startSqs } from './servers/sqs.ts';
import { Deployment, untilReady } from './tools/deployment.ts';
import { Ledger, openLoop } from './tools/ledger.ts';

/** Other suites may have the cores; what a killed worker held is hidden for half a minute. */
const LONG = { timeout: 120_000 };

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}, 60_000);

interface Results {
  readonly counted: number;
  readonly cast: number;
  readonly final: object | null;
}

async function answerOf(url: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

describe('the services as processes, on SQS and MySQL', () => {
  it('count every accepted vote once across the kill of a worker and an outage of SQS; the end is assumed', async ({
    skip,
  }) => {
    const mysql = await sharedMySql('mysql-9.7');
    if (mysql === null) return skip('MySQL is missing');
    const sqs = await startSqs();
    cleanups.push(() => sqs.stop());
    const database = await createDatabase(mysql);
    const poll = { options: [{ id: 'coca' }, { id: 'pepsi' }], shards: 2 };
    const deployment = await Deployment.create({ sqs, mysql, database, poll });
    cleanups.push(() => deployment.stop());
    const worker = await deployment.start('worker');
    const front = await deployment.start('front');
    const votes = await Promise.all([1, 2].map(() => deployment.start('vote', { FRONT_URL: front.url })));
    await Promise.all([worker, front, ...votes].map(untilReady));
    const isOk = { status: 200, body: { sqsStatus: 'OK' } };
    expect(await answerOf(`${votes[0]!.url}/api/healthcheck`)).toEqual(isOk);
    expect(await answerOf(`${worker.url}/api/healthchecksqs`)).toEqual(isOk);

    const ledger = new Ledger();
    const load = openLoop(
      votes.map(({ url }) => url),
      300,
      ledger,
    );
    const results = async (): Promise<Results> => (await answerOf(`${front.url}/api/results`)).body as Results;
    await expect.poll(async () => (await results()).counted, LONG).toBeGreaterThan(300);
    worker.child.kill('SIGKILL');
    await worker.exited;
    const unwatched = ledger.accepted.size;
    await expect.poll(() => ledger.accepted.size, LONG).toBeGreaterThan(unwatched + 300);
    const second = await deployment.start('worker');
    await untilReady(second);

    sqs.pause();
    await expect.poll(() => ledger.answers.get(503) ?? 0, LONG).toBeGreaterThan(100);
    const isNot = { status: 503, body: { sqsStatus: 'NOK' } };
    expect(await answerOf(`${votes[0]!.url}/api/healthcheck`)).toEqual(isNot);
    expect(await answerOf(`${second.url}/api/healthchecksqs`)).toEqual(isNot);
    sqs.resume();
    const before = ledger.accepted.size;
    await expect.poll(() => ledger.accepted.size, LONG).toBeGreaterThan(before + 300);

    await deployment.edit({ ...poll, closesAt: new Date(Date.now() + 2_000).toISOString() });
    await expect.poll(() => ledger.answers.get(403) ?? 0, LONG).toBeGreaterThan(50);
    await load.stop();
    await expect
      .poll(async () => (await results()).final, { timeout: 240_000 })
      .toMatchObject({
        version: 1,
        reason: 'assumed',
      });

    const key = roundTagKey(createSecretKey(deployment.roundKey), deployment.name);
    const tags = (voters: Iterable<string>): string[] =>
      [...voters].map((voter) => Buffer.from(tagOf(key, 'named', voter), 'base64url').toString('hex'));
    const rows = await runSql(mysql, `SELECT LOWER(HEX(voter)) FROM ${database}.votes`);
    const stored = new Set(rows.split('\n').filter((row) => row !== ''));
    expect(tags(ledger.accepted).filter((tag) => !stored.has(tag))).toEqual([]);
    const sent = new Set(tags([...ledger.accepted, ...ledger.unknown]));
    expect([...stored].filter((tag) => !sent.has(tag))).toEqual([]);
    // One vote a voter: with a vote applied twice, or a counter moved twice, these would differ.
    expect(await results()).toMatchObject({ counted: stored.size, cast: stored.size });
  }, 600_000);
});

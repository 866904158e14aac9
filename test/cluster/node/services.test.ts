import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { serverImage } from '../../images/server-images.ts';
import type { KubeClient } from '../client.ts';
import { waitFor, waitForCondition, waitForRollout } from '../conditions.ts';
import { FIRST_START_MS, serviceImages, sharedCluster } from '../shared.ts';
import { sample } from './samples.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' };

const cluster = await sharedCluster('node');
// Of other clusters nobody knows which images they can be given.
const isBuilt = cluster?.source === 'built';

describe.skipIf(!isBuilt)('the services as pods, on MySQL and RabbitMQ as pods', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;

  beforeAll(async () => {
    client = cluster!.client;
    namespace = await cluster!.createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const images = {
      ...(await serviceImages()),
      mysql: await serverImage('mysql'),
      rabbitmq: await serverImage('rabbitmq'),
    };
    for (const { archive } of Object.values(images)) await cluster!.loadImage(archive);
    const references = Object.fromEntries(Object.entries(images).map(([name, { reference }]) => [name, reference]));
    const applied = await client.applyAll(await sample('poll', references), { namespace });
    for (const { apiVersion, kind, metadata } of applied) {
      const isWorkload = kind === 'Deployment' || kind === 'StatefulSet';
      if (isWorkload) await waitForRollout(client, { apiVersion, kind, ...metadata }, { timeoutMs: 180_000 });
    }
  }, FIRST_START_MS);

  async function frontPod(): Promise<{ namespace: string; name: string }> {
    const [pod] = await client.list(POD, { namespace, labelSelector: 'app.kubernetes.io/component=front' });
    return { namespace, name: pod!.metadata.name };
  }
  async function run(script: string): Promise<string> {
    return (await client.exec(await frontPod(), ['node', '-e', script])).stdout.trim();
  }
  /** Votes through the Service, from a pod, and tells how each was answered. */
  async function vote(...votes: readonly { option: string; voter?: string; id?: string }[]): Promise<string> {
    return await run(`Promise.all(${JSON.stringify(votes)}.map((vote) => fetch('http://poll-vote-service/api/vote',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(vote) })))
      .then((answers) => console.log(answers.map(({ status }) => status).join(' ')))`);
  }
  async function count(): Promise<string> {
    return await run("fetch('http://poll-front-service/api/votes').then((it) => it.text()).then(console.log)");
  }

  // One test, for what is counted depends on what was before.
  test('count the votes that come through a Service, and go on when database and broker have been killed', async () => {
    const [coca, pepsi] = [{ option: 'coca' }, { option: 'pepsi' }];
    await expect.poll(count).toBe('{"votes":{"coca":"0","pepsi":"0"}}');
    expect(await vote(coca, coca, pepsi, coca, pepsi)).toBe('202 202 202 202 202');
    await expect.poll(count).toBe('{"votes":{"coca":"3","pepsi":"2"}}');

    for (const name of ['poll-mysql', 'poll-rabbitmq']) {
      const pod = { ...POD, namespace, name: `${name}-0` };
      const uid = (await client.get(pod))?.metadata.uid;
      await client.remove(pod, { gracePeriodSeconds: 0 });
      await waitFor(client, pod, ({ metadata }) => metadata.uid !== uid);
      await waitForRollout(client, { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name });
    }
    // With an id of its own it may be sent until it is accepted, and counts once.
    const late = { ...pepsi, voter: 'late', id: 'late' };
    await expect.poll(() => vote(late), { timeout: 60_000 }).toBe('202');
    await expect.poll(count, { timeout: 60_000 }).toBe('{"votes":{"coca":"3","pepsi":"3"}}');
  });
});

describe.skipIf(!isBuilt)('the image of MariaDB', { timeout: FIRST_START_MS }, () => {
  afterAll(() => cluster?.leave());

  test('makes the database that it is told to, and lets its user in', async () => {
    const client = cluster!.client;
    const namespace = await cluster!.createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const { reference, archive } = await serverImage('mariadb');
    await cluster!.loadImage(archive);
    await client.applyAll(await sample('mariadb', { image: reference }), { namespace });
    const pod = { ...POD, namespace, name: 'mariadb' };
    await waitForCondition(client, pod, 'Ready');
    const query = ['mariadb', '--host=127.0.0.1', '--user=voteapp', "--password=it's \\ secret", 'poll_1'];
    const answer = await client.exec(pod, [...query, '--batch', '--skip-column-names', '--execute=SELECT DATABASE()']);
    expect(answer).toMatchObject({ stdout: 'poll_1\n', code: 0 });
  });
});

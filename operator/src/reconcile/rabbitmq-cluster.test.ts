import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { KubeObject } from '../runtime/object.ts';
import { MemoryCluster, refusalOf } from './fixtures/memory-cluster.ts';
import { RABBITMQ_CLUSTER } from './kinds.ts';
import { findRabbitmqCluster } from './rabbitmq-cluster.ts';

const APP = votingApp({ queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq' } } });
// As of its documentation, what is not read here included.
const TOLD = {
  binding: { name: 'mq-default-user' },
  defaultUser: {
    secretReference: { keys: { password: 'password' }, name: 'mq-default-user', namespace: 'show' },
    serviceReference: { name: 'mq', namespace: 'show' },
  },
};

function cluster(status?: object, namespace = 'show'): KubeObject {
  const { apiVersion, kind } = RABBITMQ_CLUSTER;
  return { apiVersion, kind, metadata: { name: 'mq', namespace }, ...(status && { status }) };
}

const find = async (...objects: readonly KubeObject[]) =>
  await findRabbitmqCluster(new MemoryCluster(...objects).objects, APP);

test('it is where its status says', async () => {
  expect(await find(cluster(TOLD))).toEqual({ host: 'mq.show', secret: 'mq-default-user' });
});

describe('it is not found', () => {
  const created = 'RabbitmqCluster mq is not there: create it.';
  const silent = 'RabbitmqCluster mq has not told its default user and Service yet.';
  test.each<[string, readonly KubeObject[], string]>([
    ['where it is not', [], created],
    ['in another namespace', [cluster(TOLD, 'elsewhere')], created],
    ['before it has told anything', [cluster()], silent],
    ['before it has told all', [cluster({ defaultUser: { secretReference: { name: 'mq-default-user' } } })], silent],
    ['where it tells something else', [cluster({ defaultUser: 'me' })], silent],
  ])('%s', async (_, objects, message) => {
    expect(await find(...objects)).toEqual({ reason: 'QueueNotFound', message });
  });
});

test.each([
  ['of a managed broker', {}],
  [
    'of a broker of somebody’s',
    { queue: { type: 'ExternalRabbitMQ', externalRabbitmq: { host: 'mq', secretRef: { name: 'a' } } } },
  ],
  ['of SQS', { queue: { type: 'SQS', sqs: { region: 'eu-west-1' } } }],
])('the resource %s names none, and nothing is asked', async (_, sections) => {
  const get = () => Promise.reject(refusalOf(500));
  expect(await findRabbitmqCluster({ get }, votingApp(sections))).toBeNull();
});

test('a server that refuses is no cluster that is not there', async () => {
  const get = () => Promise.reject(refusalOf(403));
  await expect(findRabbitmqCluster({ get }, APP)).rejects.toMatchObject({ code: 403 });
});

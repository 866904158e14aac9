import { expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

test('each part runs as an account of its own, which no pod has a token of', () => {
  const objects = objectsOf();
  const accounts = objects.ofKind('ServiceAccount');
  expect(accounts.map(({ metadata }) => metadata?.name)).toEqual([
    'shop-vote-server',
    'shop-worker-server',
    'shop-front-server',
    'shop-mysql',
    'shop-rabbitmq',
  ]);
  expect(accounts.map(({ automountServiceAccountToken }) => automountServiceAccountToken)).toEqual(
    accounts.map(() => false),
  );
  const pods = Object.values(objects.pods).map(({ spec }) => spec);
  expect(new Set(pods.map(({ serviceAccountName }) => serviceAccountName))).toEqual(
    new Set(accounts.map(({ metadata }) => metadata?.name)),
  );
  expect(pods.map(({ automountServiceAccountToken }) => automountServiceAccountToken)).toEqual(pods.map(() => false));
});

test('servers that somebody else runs have none', () => {
  const secretRef = { name: 'login' };
  const objects = objectsOf({
    database: { type: 'External', external: { host: 'db.example.com', secretRef } },
    queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'shared' } },
  });
  expect(objects.namesOf('ServiceAccount')).toEqual(['shop-vote-server', 'shop-worker-server', 'shop-front-server']);
});

test('those of vote and worker are somebody to a cloud', () => {
  const serviceAccountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/polls' };
  const queue = { type: 'SQS', sqs: { region: 'eu-west-1', serviceAccountAnnotations } };
  const accounts = objectsOf({ queue }).ofKind('ServiceAccount');
  expect(Object.fromEntries(accounts.map(({ metadata }) => [metadata?.name, metadata?.annotations]))).toEqual({
    'shop-vote-server': serviceAccountAnnotations,
    'shop-worker-server': serviceAccountAnnotations,
    'shop-front-server': undefined,
    'shop-mysql': undefined,
  });
});

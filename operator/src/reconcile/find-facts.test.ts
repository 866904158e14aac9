import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { Release } from '../desired/facts.ts';
import { findFacts } from './find-facts.ts';
import { MemoryCluster } from './fixtures/memory-cluster.ts';
import type { Problem } from './outcome.ts';

const RELEASE = { version: '1.2.0', images: {} } as unknown as Release;
const OPENS = '2026-12-20T22:30:00Z';
const STATE = { isHibernated: false, isFinal: false };
const found = async () => await Promise.resolve({ hash: '0123' });
const PRIME = votingApp({
  poll: { options: [{ id: 'a' }, { id: 'b' }], opensAt: OPENS },
  primeTime: { vote: { replicas: 4 } },
});

async function find(app = votingApp(), secrets: () => Promise<{ hash: string } | Problem> = found, state = STATE) {
  const { objects } = new MemoryCluster();
  const deps = {
    objects,
    release: RELEASE,
    earlierVersions: ['1.1.0'],
    operatorNamespace: 'ops',
    now: () => Date.parse(OPENS),
  };
  return await findFacts(deps, app, state, secrets);
}

describe('what objects depend on', () => {
  test('is the operator, the Secrets and the moment', async () => {
    const facts = { release: RELEASE, operatorNamespace: 'ops', secretsHash: '0123', rabbitmqCluster: null };
    expect(await find()).toMatchObject({ facts: { ...facts, isPrimeTime: false, isHibernated: false } });
    expect(await find(PRIME)).toMatchObject({ facts: { ...facts, isPrimeTime: true } });
    expect(await find(PRIME, found, { ...STATE, isFinal: true })).toMatchObject({ facts: { isPrimeTime: false } });
  });

  test.each([
    ['1.0.0', { reason: 'UnsupportedVersion', message: 'spec.version is 1.0.0; this operator runs 1.2.0 and 1.1.0.' }],
    ['1.1.0', { secrets: { hash: '0123' } }],
  ])('of a resource pinned to %s', async (version, expected) => {
    expect(await find(votingApp({ version }))).toMatchObject(expected);
  });

  test('is not known without its RabbitmqCluster, and no Secret is made then', async () => {
    const app = votingApp({ queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq' } } });
    const asked: string[] = [];
    const ask = async () => {
      asked.push('secrets');
      return await found();
    };
    expect(await find(app, ask)).toMatchObject({ reason: 'QueueNotFound' });
    expect(asked).toEqual([]);
  });

  test('is not known while Secrets lack something', async () => {
    const problem: Problem = { reason: 'SecretMissing', message: 'Secret x is not there.' };
    expect(await find(votingApp(), async () => await Promise.resolve(problem))).toEqual(problem);
  });
});

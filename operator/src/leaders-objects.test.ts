import { afterEach, describe, expect, test } from 'vitest';

import { LeadersObjects, NotLeading } from './leaders-objects.ts';
import { DEPLOYMENT } from './reconcile/kinds.ts';
import { ApiServer } from './runtime/api-server.ts';
import type { KubeObject } from './runtime/object.ts';
import { startWire } from './runtime/testing/wire.ts';

const NAME = { namespace: 'show', name: 'shop' };
const SHOP: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: NAME };
const BY = { manager: 'me' };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function bench(isLeader: () => boolean) {
  const wire = await startWire((exchange) =>
    exchange.answer({ ...SHOP, items: [], metadata: { resourceVersion: '1' } }),
  );
  closers.push(() => wire.close());
  const server = new ApiServer({ config: wire.config, userAgent: 'test/1' });
  closers.push(() => server.close());
  const asked = () => wire.exchanges.map(({ method }) => method);
  return { asked, objects: new LeadersObjects(server, isLeader) };
}

const WRITES: readonly [string, (objects: LeadersObjects) => Promise<unknown>, string][] = [
  ['applies', (objects) => objects.apply(DEPLOYMENT, SHOP, BY), 'PATCH'],
  ['merges', (objects) => objects.merge(DEPLOYMENT, NAME, { spec: {} }, BY), 'PATCH'],
  ['creates', (objects) => objects.create(DEPLOYMENT, SHOP, BY), 'POST'],
  ['replaces', (objects) => objects.replace(DEPLOYMENT, SHOP, BY), 'PUT'],
  ['removes', (objects) => objects.remove(DEPLOYMENT, NAME), 'DELETE'],
];

describe('whoever leads', () => {
  test.each(WRITES)('%s', async (_, write, method) => {
    const { asked, objects } = await bench(() => true);
    await write(objects);
    expect(asked()).toEqual([method]);
  });
});

describe('whoever does not lead', () => {
  test.each(WRITES)('%s nothing', async (_, write) => {
    const { asked, objects } = await bench(() => false);
    await expect(write(objects)).rejects.toThrow(NotLeading);
    expect(asked()).toEqual([]);
  });

  test('may ask', async () => {
    const { asked, objects } = await bench(() => false);
    expect(await objects.get(DEPLOYMENT, NAME)).toMatchObject({ kind: 'Deployment' });
    expect((await objects.list(DEPLOYMENT)).items).toEqual([]);
    expect(asked()).toEqual(['GET', 'GET']);
  });
});

test('it is the moment of writing that counts', async () => {
  let isLeader = true;
  const { asked, objects } = await bench(() => isLeader);
  await objects.apply(DEPLOYMENT, SHOP, BY);
  isLeader = false;
  await expect(objects.apply(DEPLOYMENT, SHOP, BY)).rejects.toThrow('This process does not lead any more');
  expect(asked()).toEqual(['PATCH']);
});

test('a write that the server had no time for is not sent again by who has stopped leading meanwhile', async () => {
  let isLeader = true;
  const wire = await startWire((exchange) => {
    isLeader = false;
    exchange.refuse(429);
  });
  closers.push(() => wire.close());
  const server = new ApiServer({ config: wire.config, userAgent: 'test/1', wait: () => Promise.resolve() });
  closers.push(() => server.close());
  const objects = new LeadersObjects(server, () => isLeader);
  await expect(objects.apply(DEPLOYMENT, SHOP, BY)).rejects.toThrow(NotLeading);
  expect(wire.exchanges).toHaveLength(1);
});

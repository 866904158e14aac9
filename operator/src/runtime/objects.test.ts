import { afterEach, describe, expect, it } from 'vitest';

import { ApiServer } from './api-server.ts';
import { keyOf, type Kind, type KubeObject, nameOfKey } from './object.ts';
import { Objects } from './objects.ts';
import { type Exchange, startWire } from './testing/wire.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const DEPLOYMENT: Kind = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const NODE: Kind = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const SHOP: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'a', name: 'shop' } };

async function bench(answer: (exchange: Exchange) => void = (exchange) => exchange.answer({ answered: true })) {
  const wire = await startWire(answer);
  closers.push(() => wire.close());
  const api = new ApiServer({ config: wire.config, userAgent: 'kernel/1', wait: async () => {} });
  closers.push(() => api.close());
  return { wire, objects: new Objects(api) };
}

const body = (exchange: Exchange | undefined): unknown => JSON.parse(exchange?.body || 'null');

describe('what is asked', () => {
  const SHOP_PATH = '/apis/apps/v1/namespaces/a/deployments/shop';
  const cases: Record<string, [(objects: Objects) => Promise<unknown>, string, unknown]> = {
    'get of a namespace': [
      (objects) => objects.get(DEPLOYMENT, { namespace: 'a', name: 'shop' }),
      `GET ${SHOP_PATH}`,
      null,
    ],
    'get of the cluster': [(objects) => objects.get(NODE, { name: 'n' }), 'GET /api/v1/nodes/n', null],
    apply: [
      (objects) => objects.apply(DEPLOYMENT, SHOP, { manager: 'me', force: true }),
      `PATCH ${SHOP_PATH}?fieldManager=me&force=true&fieldValidation=Strict`,
      SHOP,
    ],
    'apply of a status, as a trial': [
      (objects) => objects.apply(DEPLOYMENT, SHOP, { manager: 'me', subresource: 'status', dryRun: true }),
      `PATCH ${SHOP_PATH}/status?fieldManager=me&fieldValidation=Strict&dryRun=All`,
      SHOP,
    ],
    create: [
      (objects) => objects.create(DEPLOYMENT, SHOP, { manager: 'me' }),
      'POST /apis/apps/v1/namespaces/a/deployments?fieldManager=me&fieldValidation=Strict',
      SHOP,
    ],
    replace: [
      (objects) => objects.replace(DEPLOYMENT, SHOP, { manager: 'me' }),
      `PUT ${SHOP_PATH}?fieldManager=me&fieldValidation=Strict`,
      SHOP,
    ],
    remove: [
      (objects) => objects.remove(DEPLOYMENT, { namespace: 'a', name: 'shop' }),
      `DELETE ${SHOP_PATH}`,
      { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' },
    ],
    'remove of what it was': [
      (objects) =>
        objects.remove(
          DEPLOYMENT,
          { namespace: 'a', name: 'shop' },
          { uid: 'u', resourceVersion: '7', propagationPolicy: 'Orphan' },
        ),
      `DELETE ${SHOP_PATH}`,
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Orphan',
        preconditions: { uid: 'u', resourceVersion: '7' },
      },
    ],
  };
  it.each(Object.entries(cases))('%s', async (_, [ask, request, sent]) => {
    const { wire, objects } = await bench();
    await ask(objects);
    const [exchange] = wire.exchanges;
    const query = exchange?.query.toString();
    expect(`${exchange?.method} ${exchange?.path}${query ? `?${query}` : ''}`).toBe(request);
    expect(body(exchange)).toEqual(sent);
    expect(exchange?.headers['content-type']).toBe(
      sent === null ? undefined : exchange?.method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json',
    );
  });
});

describe('what is not there', () => {
  it('is null to get, and content to remove', async () => {
    const { objects } = await bench((exchange) => exchange.refuse(404, 'NotFound'));
    const name = { namespace: 'a', name: 'shop' };
    expect(await objects.get(DEPLOYMENT, name)).toBeNull();
    await objects.remove(DEPLOYMENT, name);
    await expect(objects.apply(DEPLOYMENT, SHOP, { manager: 'me' })).rejects.toMatchObject({ code: 404 });
  });
});

it('a removal of what is another by now is refused', async () => {
  const { objects } = await bench((exchange) => exchange.refuse(409, 'Conflict'));
  const removal = objects.remove(DEPLOYMENT, { namespace: 'a', name: 'shop' }, { uid: 'u' });
  await expect(removal).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
});

it('an object of a namespaced kind without a namespace is refused before anything is sent', async () => {
  const { wire, objects } = await bench();
  await expect(objects.get(DEPLOYMENT, { name: 'shop' })).rejects.toThrow('Deployment shop lacks its namespace');
  await expect(objects.create(DEPLOYMENT, { ...SHOP, metadata: { name: 'shop' } }, { manager: 'me' })).rejects.toThrow(
    'Deployment shop lacks its namespace',
  );
  expect(wire.exchanges).toEqual([]);
});

it('items of a list say what they are, and an empty list may have none', async () => {
  const answers = [
    { metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'n' } }] },
    { metadata: { resourceVersion: '8' }, items: null },
  ];
  const { wire, objects } = await bench((exchange) => exchange.answer(answers.shift()));
  const listing = await objects.list(NODE, { labelSelector: 'a=b', fieldSelector: 'c=d' });
  expect(listing).toEqual({
    items: [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }],
    resourceVersion: '7',
  });
  expect(wire.exchanges[0]?.query.toString()).toBe('labelSelector=a%3Db&fieldSelector=c%3Dd&limit=500');
  expect(await objects.list(NODE)).toEqual({ items: [], resourceVersion: '8' });
});

it('a list whose pages are forgotten every time fails in the end', async () => {
  const { wire, objects } = await bench((exchange) => exchange.refuse(410, 'Expired'));
  await expect(objects.list(NODE)).rejects.toMatchObject({ code: 410 });
  expect(wire.exchanges.length).toBe(3);
});

it('a list that fails otherwise fails at once', async () => {
  const { wire, objects } = await bench((exchange) => exchange.refuse(500));
  await expect(objects.list(NODE)).rejects.toMatchObject({ code: 500 });
  expect(wire.exchanges.length).toBe(1);
});

it.each([
  [{ namespace: 'a', name: 'x' }, 'a/x'],
  [{ name: 'x.y' }, 'x.y'],
])('the key of %o is %s, and back', (name, key) => {
  expect(keyOf({ apiVersion: 'v1', kind: 'Thing', metadata: name })).toBe(key);
  expect(nameOfKey(key)).toEqual(name);
});

import { SECRET_KEYS } from '@voteapp/contracts/cluster-objects';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { KubeObject } from '../runtime/object.ts';
import { childOf } from './fixtures/children.ts';
import { MemoryCluster, refusalOf } from './fixtures/memory-cluster.ts';
import { CLAIM, SECRET, VOTING_APP } from './kinds.ts';
import { neededSecrets, Secrets, type SecretsFound } from './secrets.ts';

const OWN = 'shop-voteapp-secret';
const BINDING = { host: 'mq.show', secret: 'mq-default-user' };
const LOGIN = { username: 'YQ==', password: 'Yg==' };

const externalDatabase = (tls?: object) => ({
  type: 'External',
  external: { host: 'db', secretRef: { name: 'db-login' }, ...(tls && { tls }) },
});
const externalQueue = { type: 'ExternalRabbitMQ', externalRabbitmq: { host: 'mq', secretRef: { name: 'mq-login' } } };

function secret(name: string, data: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'show', uid: `uid-of-${name}` }, data };
}

let cluster: MemoryCluster;
let secrets: Secrets;
beforeEach(() => {
  cluster = new MemoryCluster(votingApp() as unknown as KubeObject);
  secrets = new Secrets(cluster);
});

const own = (): KubeObject | undefined => cluster.copy.get(SECRET, 'show', OWN);

async function found(app = votingApp(), binding: typeof BINDING | null = null): Promise<SecretsFound> {
  const result = await secrets.ensure(app, binding);
  if ('reason' in result) throw new Error(result.message);
  return result;
}

describe('the operator’s own Secret', () => {
  test('is made with passwords of letters and digits, and keys of 32 bytes', async () => {
    await found();
    const { type, data } = own() as unknown as { type: string; data: Record<string, string> };
    expect(type).toBe('Opaque');
    expect(Object.keys(data).toSorted()).toEqual([...SECRET_KEYS].toSorted());
    const values = Object.entries(data).map(([key, value]): [string, string] => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]);
    for (const [key, value] of values) {
      if (key.endsWith('_key')) expect(Buffer.from(value, 'base64')).toHaveLength(32);
      else expect(value).toMatch(/^[A-Za-z0-9]{32}$/);
    }
    expect(new Set(values.map(([, value]) => value)).size).toBe(SECRET_KEYS.length);
  });

  test.each<[string, (app: KubeObject) => void]>([
    ['is gone', () => cluster.drop(VOTING_APP, 'show', 'shop')],
    ['is another of the name', (app) => void cluster.put({ ...app, metadata: { ...app.metadata, uid: 'later' } })],
    [
      'is being deleted',
      (app) => void cluster.put({ ...app, metadata: { ...app.metadata, deletionTimestamp: '2026-11-20T21:00:00Z' } }),
    ],
  ])('is not made for a resource that %s: nobody would remove it', async (_, happens) => {
    happens(votingApp() as unknown as KubeObject);
    await expect(found()).rejects.toThrow('VotingApp show/shop has just been deleted');
    expect(own()).toBeUndefined();
  });

  test('is made once: a second pass leaves it as it is', async () => {
    await found();
    const made = own();
    await found();
    await found();
    expect(cluster.writes.filter(({ verb }) => verb === 'create')).toHaveLength(1);
    expect(own()?.['data']).toEqual(made?.['data']);
    // The first of them gave it the stamp of what it was made from.
    expect(cluster.writes).toHaveLength(2);
  });

  test.each([
    ['Retain', []],
    ['Delete', ['shop']],
  ])('under %s has these owners', async (deletionPolicy, owners) => {
    await found(votingApp({ deletionPolicy }));
    expect(own()?.metadata.ownerReferences?.map(({ name }) => name)).toEqual(owners);
  });

  test('is given an owner only after it is made, so that the owner can be taken away again', async () => {
    await found(votingApp({ deletionPolicy: 'Delete' }));
    expect(cluster.writes.map(({ verb, object }) => [verb, object.metadata.ownerReferences?.length ?? 0])).toEqual([
      ['create', 0],
      ['apply', 1],
    ]);
    await found(votingApp({ deletionPolicy: 'Retain' }));
    expect(own()?.metadata.ownerReferences).toEqual([]);
  });

  test('is not made anew beside a volume that was made with the one that is gone', async () => {
    cluster.put(childOf(CLAIM, 'data-shop-mysql-0', { ownerReferences: [] }));
    expect(await secrets.ensure(votingApp(), null)).toEqual({
      reason: 'SecretMissing',
      message:
        'Secret shop-voteapp-secret is gone and PersistentVolumeClaim data-shop-mysql-0 is not: restore the Secret, or delete the claim with its data.',
    });
    expect(cluster.writes).toEqual([]);
  });

  test('is made beside another resource’s volume', async () => {
    cluster.put(childOf(CLAIM, 'data-kiosk-mysql-0', { labels: { 'app.kubernetes.io/instance': 'kiosk' } }));
    await found();
    expect(own()).toBeDefined();
  });

  test('of an earlier resource of the name is taken up, with its passwords', async () => {
    await found();
    const { data } = own()!;
    cluster.put(childOf(CLAIM, 'data-shop-mysql-0', { ownerReferences: [] }));
    secrets = new Secrets(cluster);
    await found(votingApp({}, { uid: 'uid-of-the-next-shop' }));
    expect(own()?.['data']).toEqual(data);
  });

  test('that lacks keys is not mended: what they were nobody knows', async () => {
    await found();
    cluster.put({ ...own()!, data: { ...(own()?.['data'] as object), round_key: '', panel_password: undefined } });
    cluster.writes.length = 0;
    expect(await secrets.ensure(votingApp(), null)).toEqual({
      reason: 'SecretIncomplete',
      message: 'Secret shop-voteapp-secret lacks round_key, panel_password: add what is missing.',
    });
    expect(cluster.writes).toEqual([]);
  });

  test('that is somebody else’s is left alone, and told of', async () => {
    await found();
    cluster.put({ ...own()!, metadata: { ...own()!.metadata, labels: {} } });
    cluster.writes.length = 0;
    expect((await found()).outcome).toMatchObject({ did: 'failed', problem: { reason: 'AdoptionRefused' } });
    expect(cluster.writes).toEqual([]);
  });

  test('is only ever applied to the very one that is there', async () => {
    await found();
    cluster.put({ ...own()!, metadata: { ...own()!.metadata, uid: 'of-this-one' } });
    await found(votingApp({ deletionPolicy: 'Delete' }));
    expect(cluster.writes.at(-1)).toMatchObject({ verb: 'apply', object: { metadata: { uid: 'of-this-one' } } });
    expect(cluster.writes.at(-1)?.object).not.toHaveProperty('data');
  });

  test('whose making is refused by a server that is away is asked for again', async () => {
    cluster.refusals.set(`Secret ${OWN}`, refusalOf(503));
    await expect(secrets.ensure(votingApp(), null)).rejects.toMatchObject({ code: 503 });
  });
});

test.each<[string, object, typeof BINDING | null, readonly string[]]>([
  ['nothing is needed of others for what the operator runs', {}, null, []],
  ['a database of one’s own needs its login', { database: externalDatabase() }, null, ['db-login: username password']],
  [
    'and the authorities that it names',
    { database: externalDatabase({ enabled: true, caSecretRef: { name: 'ca', key: 'root.pem' } }) },
    null,
    ['db-login: username password', 'ca: root.pem'],
  ],
  [
    'authorities have a key by default',
    { database: externalDatabase({ enabled: true, caSecretRef: { name: 'ca' } }) },
    null,
    ['db-login: username password', 'ca: ca.crt'],
  ],
  ['a broker of one’s own needs its login', { queue: externalQueue }, null, ['mq-login: username password']],
  ['SQS needs nothing where the pods are somebody', { queue: { type: 'SQS', sqs: { region: 'local' } } }, null, []],
  [
    'SQS by a key needs the key',
    { queue: { type: 'SQS', sqs: { region: 'local', secretRef: { name: 'aws' } } } },
    null,
    ['aws: aws_access_key aws_secret_key'],
  ],
  [
    'a RabbitmqCluster has made its login itself',
    { queue: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq' } } },
    BINDING,
    ['mq-default-user: username password'],
  ],
])('%s', (_, sections, binding, needed) => {
  const names = neededSecrets(votingApp(sections), binding).map(({ name, keys }) => `${name}: ${keys.join(' ')}`);
  expect(names).toEqual(needed);
});

describe('a Secret of somebody else’s', () => {
  const app = votingApp({ database: externalDatabase() });

  test('that is not there is asked for', async () => {
    expect(await secrets.ensure(app, null)).toEqual({
      reason: 'SecretMissing',
      message: 'Secret db-login is not there: create it with username and password.',
    });
  });

  test('that lacks a key is asked to be completed, its values untold', async () => {
    cluster.put(secret('db-login', { username: 'c2VjcmV0', password: '' }));
    expect(await secrets.ensure(app, null)).toEqual({
      reason: 'SecretIncomplete',
      message: 'Secret db-login lacks password: add what is missing.',
    });
  });

  test('is never written', async () => {
    cluster.put(secret('db-login', LOGIN));
    await found(app);
    expect(cluster.writes.map(({ object }) => object.metadata.name)).not.toContain('db-login');
  });
});

describe('the hash', () => {
  const app = votingApp({ database: externalDatabase() });
  beforeEach(() => void cluster.put(secret('db-login', LOGIN)));

  test('stays while no value changes, whatever else does', async () => {
    const { hash } = await found(app);
    cluster.put({ ...own()!, metadata: { ...own()!.metadata, annotations: { note: 'looked at' } } });
    cluster.put({
      ...secret('db-login', LOGIN),
      metadata: { ...secret('db-login', LOGIN).metadata, labels: { a: 'b' } },
    });
    expect((await found(app)).hash).toBe(hash);
    secrets = new Secrets(cluster);
    expect((await found(app)).hash).toBe(hash);
  });

  test.each([...SECRET_KEYS])('changes with the own %s', async (key) => {
    const { hash } = await found(app);
    cluster.put({ ...own()!, data: { ...(own()?.['data'] as object), [key]: 'YW5vdGhlcg==' } });
    expect((await found(app)).hash).not.toBe(hash);
  });

  test.each(['username', 'password'])('changes with the %s of somebody else’s', async (key) => {
    const { hash } = await found(app);
    cluster.put(secret('db-login', { ...LOGIN, [key]: 'YW5vdGhlcg==' }));
    expect((await found(app)).hash).not.toBe(hash);
  });

  test('tells nothing: who knows the login of the database cannot tell it from another', async () => {
    const sizes = fc.string({ minLength: 1, maxLength: 200 });
    const hashes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(sizes, async (password) => {
        const others = new MemoryCluster(
          votingApp() as unknown as KubeObject,
          secret('db-login', { ...LOGIN, password }),
        );
        const result = (await new Secrets(others).ensure(app, null)) as SecretsFound;
        // The keys of each are made by chance, so that even the same login gives another hash.
        expect(hashes.has(result.hash)).toBe(false);
        expect(result.hash).toMatch(/^[0-9a-f]{16}$/);
        hashes.add(result.hash);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is in Secrets', () => {
  test('is asked for again only when they have changed', async () => {
    let asked = 0;
    const get: typeof cluster.objects.get = async (kind, name) => {
      asked += 1;
      return await cluster.objects.get(kind, name);
    };
    secrets = new Secrets({ copy: cluster.copy, objects: { ...cluster.objects, get } });
    await found();
    await found();
    asked = 0;
    await found();
    expect(asked).toBe(0);
    cluster.put(own()!);
    await found();
    expect(asked).toBe(1);
    secrets.forget({ namespace: 'show', name: 'shop' });
    await found();
    expect(asked).toBe(2);
  });
});

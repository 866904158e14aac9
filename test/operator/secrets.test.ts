import { ANNOTATIONS, LABELS, objectNames, SERVICES } from '@voteapp/contracts/cluster-objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Kind, KubeObject } from '../cluster/client.ts';
import { waitFor, waitUntilGone } from '../cluster/conditions.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { conditionsOf, Stage, stageCluster } from './in-process.ts';

const CLAIM: Kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const DEPLOYMENT: Kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
const SECRET: Kind = { apiVersion: 'v1', kind: 'Secret' };
const STATEFUL_SET: Kind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };

const cluster = await stageCluster();

describe.skipIf(cluster === null)('Secrets', { timeout: 120_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster!.leave();
  });

  async function readyProblem(name: string, reason: string): Promise<string> {
    const app = await stage.untilCondition(name, 'Ready', { status: 'False', reason });
    return conditionsOf(app)['Ready']!.message;
  }

  function externalDatabase(name: string, secret: string) {
    const external = { host: 'db.example.com', database: 'poll', secretRef: { name: secret } };
    return votingApp(name, {}, { database: { type: 'External', external } });
  }

  async function giveLogin(name: string, login: Readonly<Record<string, string>>): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(login).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    await stage.apply({ ...SECRET, metadata: { name }, data });
  }

  /** By what the pods of the services are told to read their settings anew. */
  async function configurations(name: string): Promise<(string | undefined)[]> {
    const names = SERVICES.map((service) => objectNames(name).workload(service));
    const live = await Promise.all(names.map((each) => stage.client.get(stage.ref(each, DEPLOYMENT))));
    return live.map((deployment) => configurationOf(deployment!));
  }

  describe('of somebody else', () => {
    test.each([
      ['is missing', null, 'SecretMissing', 'Secret missing-login is not there: create it with username and password.'],
      ['lacks a key', { username: 'poll' }, 'SecretIncomplete', 'password'],
    ] as const)('one that %s is told, and the work goes on when it is whole', async (_, login, reason, message) => {
      const name = login === null ? 'missing' : 'lacking';
      const secret = `${name}-login`;
      if (login !== null) await giveLogin(secret, login);
      await stage.apply(externalDatabase(name, secret));
      expect(await readyProblem(name, reason)).toContain(message);
      const made = (await stage.children(name)).map(({ kind }) => kind);
      expect(made.filter((kind) => kind !== SECRET.kind)).toEqual([]);

      await giveLogin(secret, { username: 'poll', password: 'of no account' });
      await stage.untilCondition(name, 'Ready');
    });

    test('one that is rotated rolls the services, and what is in it is nowhere to be read', async () => {
      const [first, second] = ['first-of-two-passwords', 'second-of-two-passwords'];
      await giveLogin('rotated-login', { username: 'poll', password: first });
      await stage.apply(externalDatabase('rotated', 'rotated-login'));
      await stage.untilCondition('rotated', 'Ready');
      const [before] = await configurations('rotated');
      expect(before).toMatch(/^[0-9a-f]{16}$/);
      const broker = stage.ref(objectNames('rotated').workload('rabbitmq'), STATEFUL_SET);
      const template = (await stage.client.get(broker))?.spec?.['template'];

      await giveLogin('rotated-login', { username: 'poll', password: second });
      const rolled = async (): Promise<[kinds: number, before: boolean]> => {
        const after = new Set(await configurations('rotated'));
        return [after.size, after.has(before)];
      };
      await expect.poll(rolled).toEqual([1, false]);
      await stage.untilCondition('rotated', 'Ready');
      expect((await stage.client.get(broker))?.spec?.['template']).toEqual(template);
      const written = [...(await stage.children('rotated')), await stage.get('rotated')];
      const texts = JSON.stringify([written, await stage.events('rotated')]);
      for (const password of [first, second]) {
        expect(texts).not.toContain(password);
        expect(texts).not.toContain(Buffer.from(password).toString('base64'));
      }
    });

    test('one that nobody names concerns nobody', async () => {
      await giveLogin('quiet-login', { username: 'poll', password: 'one' });
      await stage.apply(externalDatabase('quiet', 'quiet-login'));
      await stage.untilCondition('quiet', 'Ready');
      const before = await configurations('quiet');
      await giveLogin('nobodys-login', { username: 'poll', password: 'two' });
      // A change that does concern it has been seen by then.
      await stage.patch('quiet', { spec: { poll: { title: 'Another' } } });
      await stage.untilCondition('quiet', 'Ready');
      expect(await configurations('quiet')).toEqual(before);
    });
  });

  describe('the operator’s own', () => {
    test('is never made anew while a volume has data that only its passwords open', async () => {
      const ref = stage.ref(objectNames('lost').secret, SECRET);
      await stage.apply(votingApp('lost'));
      await stage.untilCondition('lost', 'Ready');
      const before = await configurations('lost');
      const kept = (await stage.client.get(ref))!;
      await stage.client.remove(ref);
      const message = await readyProblem('lost', 'SecretMissing');
      expect(message).toMatch(/^Secret lost-voteapp-secret is gone and PersistentVolumeClaim data-lost-\w+-0 is not: /);
      expect(message).toContain('restore the Secret, or delete the claim with its data');
      // Two more passes, each of which is told by its generation.
      for (const title of ['One', 'Two']) {
        await stage.patch('lost', { spec: { poll: { title } } });
        await readyProblem('lost', 'SecretMissing');
      }
      expect(await stage.client.get(ref)).toBeNull();
      expect(await configurations('lost')).toEqual(before);

      const { labels } = kept.metadata;
      await stage.apply({ ...SECRET, metadata: { name: ref.name, labels: labels! }, data: kept['data'] });
      await stage.untilCondition('lost', 'Ready');
      expect(await configurations('lost')).toEqual(before);
    });

    test('is made anew with other passwords once the volumes are gone too', async () => {
      const names = objectNames('reborn');
      const ref = stage.ref(names.secret, SECRET);
      await stage.apply(votingApp('reborn'));
      await stage.untilCondition('reborn', 'Ready');
      const kept = (await stage.client.get(ref))!;
      await stage.client.remove(ref);
      await readyProblem('reborn', 'SecretMissing');
      for (const part of ['mysql', 'rabbitmq'] as const) {
        const claim = stage.ref(names.claim(part, 0), CLAIM);
        await stage.client.remove(claim);
        // A volume that is used is kept until its pods have ended, and these come again.
        await stage.client.merge(stage.ref(names.workload(part), STATEFUL_SET), { spec: { replicas: 0 } });
        await waitUntilGone(stage.client, claim);
      }
      const made = await waitFor(stage.client, ref, () => true);
      expect(Object.keys(made['data'] as object)).toEqual(Object.keys(kept['data'] as object));
      for (const [key, value] of Object.entries(made['data'] as object)) {
        expect(value).not.toBe((kept['data'] as Record<string, string>)[key]);
      }
      await stage.untilCondition('reborn', 'Ready');
    });

    test('has its labels again when somebody takes them', async () => {
      const ref = stage.ref(objectNames('bare').secret, SECRET);
      await stage.apply(votingApp('bare'));
      await stage.untilCondition('bare', 'Ready');
      const before = (await stage.client.get(ref))!;
      await stage.client.merge(ref, { metadata: { labels: { [LABELS.partOf]: null } } });
      const after = await waitFor(stage.client, ref, ({ metadata }) => metadata.labels?.[LABELS.partOf] !== undefined);
      expect([after.metadata.labels, after['data']]).toEqual([before.metadata.labels, before['data']]);
    });
  });
});

function configurationOf({ spec }: KubeObject): string | undefined {
  const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } };
  return template.metadata.annotations?.[ANNOTATIONS.configuration];
}

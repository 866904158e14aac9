import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FIRST_START_MS, sharedCluster } from '../../../test/cluster/shared.ts';
import { ApiServer } from './api-server.ts';
import { EVENT, EventRecorder } from './events.ts';
import { LeaderElection, LEASE } from './leader-election.ts';
import { keyOf, type Kind, type KubeObject } from './object.ts';
import { Objects } from './objects.ts';
import { Reflector } from './reflector.ts';
import { recordedLog } from './testing/log.ts';

const CONFIG_MAP: Kind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

const cluster = await sharedCluster('api');

describe.skipIf(cluster === null)('the kernel, to an API server', { timeout: FIRST_START_MS }, () => {
  let namespace: string;
  let api: ApiServer;
  let objects: Objects;
  beforeAll(async () => {
    namespace = await cluster!.createNamespace();
    const config = new KubeConfig();
    config.loadFromFile(cluster!.kubeconfig);
    api = new ApiServer({ config, userAgent: 'kernel/1' });
    objects = new Objects(api);
  });
  afterAll(async () => {
    await api.close();
    await cluster!.leave();
  });

  const configMap = (name: string, data: object, of = 'kernel'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name, labels: { of } },
    data,
  });

  test('applies, takes over, tries, replaces and removes', async () => {
    const made = await objects.apply(CONFIG_MAP, configMap('a', { x: '1' }, 'a'), { manager: 'one' });
    const other = configMap('a', { x: '2' }, 'a');
    await expect(objects.apply(CONFIG_MAP, other, { manager: 'other' })).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
      causes: [{ field: '.data.x', reason: 'FieldManagerConflict' }],
    });
    await objects.apply(CONFIG_MAP, other, { manager: 'other', force: true, dryRun: true });
    expect(await objects.get(CONFIG_MAP, { namespace, name: 'a' })).toMatchObject({ data: { x: '1' } });
    const taken = await objects.apply(CONFIG_MAP, other, { manager: 'other', force: true });
    await expect(
      objects.apply(CONFIG_MAP, { ...other, specc: {} }, { manager: 'other', force: true }),
    ).rejects.toMatchObject({ message: expect.stringContaining('specc') as string });
    const replaced = { ...taken, data: { x: '3' } };
    await objects.replace(CONFIG_MAP, replaced, { manager: 'other' });
    await expect(objects.replace(CONFIG_MAP, replaced, { manager: 'other' })).rejects.toMatchObject({ code: 409 });
    await expect(objects.create(CONFIG_MAP, other, { manager: 'one' })).rejects.toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    });
    const name = { namespace, name: 'a' };
    await expect(objects.remove(CONFIG_MAP, name, { uid: 'another' })).rejects.toMatchObject({ code: 409 });
    await objects.remove(CONFIG_MAP, name, { uid: made.metadata.uid });
    expect(await objects.get(CONFIG_MAP, name)).toBeNull();
  });

  test.each([false, true])('follows a kind, metadata only: %s', async (metadataOnly) => {
    const of = `follow-${metadataOnly}`;
    await objects.create(CONFIG_MAP, configMap(`${of}-0`, { secret: 'x' }, of), { manager: 'one' });
    const { log, lines } = recordedLog();
    const told: string[] = [];
    const reflector = new Reflector({
      objects,
      kind: CONFIG_MAP,
      select: { namespace, labelSelector: `of=${of}`, metadataOnly },
      log,
      onChange: (object, before, isDeleted) =>
        void told.push(`${isDeleted ? '-' : before === null ? '+' : '~'}${keyOf(object)}`),
    });
    reflector.start();
    await reflector.synced;
    await objects.apply(CONFIG_MAP, configMap(`${of}-1`, { secret: 'y' }, of), { manager: 'one' });
    await objects.apply(CONFIG_MAP, configMap(`${of}-1`, { secret: 'z' }, of), { manager: 'one' });
    await objects.apply(CONFIG_MAP, configMap('elsewhere', {}), { manager: 'one' });
    await objects.remove(CONFIG_MAP, { namespace, name: `${of}-0` });
    await expect
      .poll(() => told)
      .toEqual([`+${namespace}/${of}-0`, `+${namespace}/${of}-1`, `~${namespace}/${of}-1`, `-${namespace}/${of}-0`]);
    const [kept] = reflector.list();
    expect(kept).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${of}-1` } });
    expect(kept?.['data']).toEqual(metadataOnly ? undefined : { secret: 'z' });
    expect(kept?.metadata).not.toHaveProperty('managedFields');
    await reflector.stop();
    expect(lines).toEqual([]);
  });

  test('elects one leader, and the next when it stops', async () => {
    const started: string[] = [];
    const candidate = (identity: string): LeaderElection =>
      new LeaderElection({
        objects,
        namespace,
        name: 'kernel',
        identity,
        durations: { lease: 60_000, renewDeadline: 50_000, retryPeriod: 20 },
        log: recordedLog().log,
        onStarted: () => started.push(identity),
        onStopped: () => {},
      });
    const one = candidate('one');
    const other = candidate('other');
    one.start();
    await expect.poll(() => one.isLeader).toBe(true);
    other.start();
    const spec = async () =>
      (await objects.get(LEASE, { namespace, name: 'kernel' }))?.['spec'] as { renewTime: string };
    const { renewTime } = await spec();
    await expect.poll(async () => (await spec()).renewTime).not.toBe(renewTime);
    expect(await spec()).toMatchObject({
      holderIdentity: 'one',
      leaseDurationSeconds: 60,
      leaseTransitions: 0,
      renewTime: expect.stringMatching(/\.\d{6}Z$/) as string,
    });
    await one.stop();
    await expect.poll(() => other.isLeader).toBe(true);
    expect(started).toEqual(['one', 'other']);
    await other.stop();
    expect(await spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 1 });
  });

  test('writes events and their series', async () => {
    const regarding = await objects.apply(CONFIG_MAP, configMap('regarded', {}), { manager: 'one' });
    const { log, lines } = recordedLog('debug');
    const recorder = new EventRecorder({ objects, controller: 'example.com/kernel', instance: 'here', log });
    for (let i = 0; i < 3; i += 1) {
      recorder.record(regarding, { type: 'Warning', reason: 'Failed', action: 'Try', note: 'It did not work' });
    }
    await recorder.stop();
    expect(lines).toEqual([]);
    const { items } = await objects.list(EVENT, { namespace, fieldSelector: 'reason=Failed' });
    expect(items.length).toBe(1);
    expect(items[0]).toMatchObject({
      note: 'It did not work',
      reportingController: 'example.com/kernel',
      regarding: { kind: 'ConfigMap', name: 'regarded', uid: regarding.metadata.uid },
      series: { count: 3 },
    });
  });
});

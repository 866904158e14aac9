import { describe, expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

const storage = { size: '40Gi', storageClassName: 'fast' };
const sections = (fields: object) => ({
  database: { type: 'Managed', managed: fields },
  queue: { type: 'RabbitMQ', rabbitmq: fields },
});

describe.each(['mysql', 'rabbitmq'] as const)('%s', (part) => {
  const name = `shop-${part}`;
  const setOf = (...args: Parameters<typeof objectsOf>) => {
    const { spec } = objectsOf(...args).get('StatefulSet', name);
    return spec!;
  };

  test.each<[string, object, object]>([
    ['has 10 GiB on the volumes of the cluster', {}, { resources: { requests: { storage: '10Gi' } } }],
    [
      'has the storage that was asked for',
      { storage },
      { resources: { requests: { storage: '40Gi' } }, storageClassName: 'fast' },
    ],
  ])('%s', (_, fields, expected) => {
    const claims = setOf(sections(fields)).volumeClaimTemplates;
    expect(claims?.map(({ metadata, spec }) => [metadata?.name, spec])).toEqual([
      ['data', { accessModes: ['ReadWriteOnce'], ...expected }],
    ]);
  });

  test.each<[string, object, string]>([
    ['keeps its volumes when the resource goes', {}, 'Retain'],
    ['loses its volumes with the resource where that was asked for', { deletionPolicy: 'Delete' }, 'Delete'],
  ])('%s', (_, more, whenDeleted) => {
    expect(setOf(more).persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted, whenScaled: 'Retain' });
  });

  test('keeps its volumes through hibernation, without a pod', () => {
    const { replicas, persistentVolumeClaimRetentionPolicy } = setOf(
      { deletionPolicy: 'Delete' },
      { isHibernated: true },
    );
    expect([replicas, persistentVolumeClaimRetentionPolicy?.whenScaled]).toEqual([0, 'Retain']);
  });

  test('starts all of its pods at once, and closes each in a minute', () => {
    const spec = setOf();
    expect(spec.podManagementPolicy).toBe('Parallel');
    expect(spec.template.spec?.terminationGracePeriodSeconds).toBe(60);
  });

  test('writes to its volume and to folders that may be lost, and nowhere else', () => {
    const { template } = setOf();
    const [container] = template.spec!.containers;
    const sources = new Map(template.spec!.volumes?.map((volume) => [volume.name, volume]));
    const kinds = container!.volumeMounts!.map(({ name: volume, readOnly = false }) => {
      if (volume === 'data') return 'claim';
      return sources.get(volume)?.emptyDir === undefined ? `other, ${readOnly ? 'read' : 'written'}` : 'empty';
    });
    expect(new Set(kinds)).toEqual(new Set(part === 'mysql' ? ['claim', 'empty'] : ['claim', 'empty', 'other, read']));
    expect(container!.securityContext?.readOnlyRootFilesystem).toBe(true);
  });

  test('owns the files of its volumes', () => {
    const context = setOf().template.spec?.securityContext;
    expect(context).toMatchObject({ runAsUser: 999, runAsGroup: 999, fsGroup: 999 });
    expect(context?.fsGroupChangePolicy).toBe('OnRootMismatch');
  });
});

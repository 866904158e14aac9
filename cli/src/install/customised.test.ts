import { describe, expect, test } from 'vitest';

import { customised, type Customisation } from './customised.ts';
import { readManifest } from './manifest.ts';

const manifest = await readManifest();
const DEFAULTS: Customisation = { namespace: 'voteapp-system', watchNamespaces: [], replicas: 1 };

function made(wanted: Partial<Customisation>) {
  const objects = customised(manifest, { ...DEFAULTS, ...wanted });
  const names = objects.map(({ kind, metadata }) =>
    [kind, metadata.namespace, metadata.name].filter(Boolean).join(' '),
  );
  return { objects, names, deployment: objects.find(({ kind }) => kind === 'Deployment') };
}

describe('an installation', () => {
  test('of no wishes is the manifest', () => {
    expect(made({}).objects).toEqual(manifest);
  });

  test('can be in another namespace, accounts of bindings included', () => {
    const { objects } = made({ namespace: 'polls' });
    expect(JSON.stringify(objects)).not.toContain('voteapp-system');
    expect(objects[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'polls' } });
    expect(objects.find(({ kind }) => kind === 'ClusterRoleBinding')).toMatchObject({
      subjects: [{ kind: 'ServiceAccount', name: 'voteapp-operator', namespace: 'polls' }],
    });
  });

  test('for some namespaces has rights in them, and none over the cluster', () => {
    const { names, objects, deployment } = made({ watchNamespaces: ['shop', 'news'] });
    expect(names.filter((name) => name.includes('Role'))).toEqual([
      'Role shop voteapp-operator',
      'Role news voteapp-operator',
      'RoleBinding shop voteapp-operator',
      'RoleBinding news voteapp-operator',
      'Role voteapp-system voteapp-operator-leader-election',
      'RoleBinding voteapp-system voteapp-operator-leader-election',
    ]);
    expect(objects.find(({ kind }) => kind === 'RoleBinding')).toMatchObject({
      roleRef: { kind: 'Role', name: 'voteapp-operator' },
    });
    expect(deployment).toMatchObject({
      spec: { template: { spec: { containers: [{ args: ['--watch-namespace=shop,news'] }] } } },
    });
  });

  test('of several pods spreads them', () => {
    expect(made({ replicas: 2 }).deployment).toMatchObject({
      spec: {
        replicas: 2,
        template: {
          spec: {
            topologySpreadConstraints: [
              { topologyKey: 'topology.kubernetes.io/zone' },
              { topologyKey: 'kubernetes.io/hostname' },
            ],
          },
        },
      },
    });
  });

  test('can have every image in one registry, and the operator’s elsewhere', () => {
    const imageRegistry = 'registry.example.com/voteapp';
    const { deployment, objects } = made({ imageRegistry });
    const text = JSON.stringify(objects);
    const images = [...text.matchAll(/"(?:image|value)":"([^"]*\/[^"]*)"/g)].map(([, image]) => image);
    expect(images).toHaveLength(7);
    for (const image of images) expect(image).toMatch(/^registry\.example\.com\/voteapp\/(voteapp-|library\/)/);
    expect(deployment).toMatchObject({
      spec: { template: { spec: { containers: [{ image: images[0] }] } } },
    });
    const image = 'mirror.example.com/operator:9';
    expect(made({ imageRegistry, image }).deployment).toMatchObject({
      spec: { template: { spec: { containers: [{ image }] } } },
    });
  });

  test('can be of another image', () => {
    const image = `registry.example.com/operator@sha256:${'0'.repeat(64)}`;
    expect(made({ image }).deployment).toMatchObject({ spec: { template: { spec: { containers: [{ image }] } } } });
  });
});

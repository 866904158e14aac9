import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { refOf } from '../cluster/client.ts';
import { waitUntilServed } from '../cluster/conditions.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { objectsIn, text } from './manifests.ts';

const OVERLAYS = fileURLToPath(new URL('../../manifests/kustomize/overlays/', import.meta.url));
const overlays = readdirSync(OVERLAYS);
const cluster = await sharedCluster('api');

describe.skipIf(cluster === null)('the overlays of manifests/kustomize', { timeout: FIRST_START_MS }, () => {
  const rendered = new Map<string, string>();

  beforeAll(async () => {
    for (const overlay of overlays) {
      const kubectl = cluster!.kubectl ?? 'kubectl';
      const { stdout } = await promisify(execFile)(kubectl, ['kustomize', `${OVERLAYS}${overlay}`]);
      rendered.set(overlay, stdout);
    }
    const { client } = cluster!;
    const definition = await text('crds/voteapp.dev_votingapps.yaml');
    for (const applied of await client.applyAll(definition)) await waitUntilServed(client, refOf(applied));
  }, FIRST_START_MS);
  afterAll(() => cluster?.leave());

  test('are two stages', () => {
    expect(overlays.sort()).toEqual(['production', 'staging']);
  });

  test.each(overlays)('%s is a namespace and a valid poll in it', (overlay) => {
    const [namespace, poll, ...others] = objectsIn(rendered.get(overlay)!);
    expect(others).toEqual([]);
    expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: `polls-${overlay}` } });
    const { metadata, spec } = resourceSchema.parse(poll);
    expect(metadata).toMatchObject({ name: 'drinks', namespace: `polls-${overlay}` });
    // What a patch says of a map is beside what the base says of it.
    expect(spec).toMatchObject({
      poll: { title: 'Coca or Pepsi?', options: [{ id: 'coca' }, { id: 'pepsi' }] },
      expose: { tls: { enabled: true }, ingress: { className: 'nginx' } },
    });
  });

  test.each(overlays)('%s is taken by the API server', async (overlay) => {
    const { client } = cluster!;
    const own = await cluster!.createNamespace();
    const here = rendered.get(overlay)!.replaceAll(`polls-${overlay}`, own);
    const applied = await client.applyAll(here, { dryRun: true });
    expect(applied.map(({ kind }) => kind)).toEqual(['Namespace', 'VotingApp']);
  });

  test('only production outlives its deletion, and is scaled out before it opens', () => {
    const [production, staging] = ['production', 'staging'].map(
      (overlay) => resourceSchema.parse(objectsIn(rendered.get(overlay)!)[1]).spec,
    );
    expect(staging).toMatchObject({
      deletionPolicy: 'Delete',
      expose: { hosts: { vote: 'vote.staging.example.com' } },
    });
    expect(production).not.toHaveProperty('deletionPolicy');
    expect(production).toMatchObject({ primeTime: { vote: { replicas: 20 } }, queue: { rabbitmq: { replicas: 3 } } });
  });

  test('the settings of Argo CD are taken by the API server too', async () => {
    const settings = (await text('manifests/argo-cd/health.yaml')).replace('namespace: argocd', 'namespace: default');
    await expect(cluster!.client.applyAll(settings, { dryRun: true })).resolves.toHaveLength(1);
  });
});

import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { PORTS } from '@voteapp/contracts/ports';

import { waitForCondition } from '../../cluster/conditions.ts';
import { Authority } from '../../tools/authority.ts';
import { FIRST_START_MS, installWithImages, knownNode, type References, restrictedNamespace } from './cluster.ts';
import { ask, type Door } from './http.ts';
import { askPod, POD, Poll, vote } from './poll.ts';

const cluster = await knownNode();
const NOW = Date.now();

describe.skipIf(cluster === null)('a sample, applied to a node', { timeout: FIRST_START_MS }, () => {
  let references: References;
  let namespace: string;
  beforeAll(async () => {
    references = await installWithImages(cluster!);
    namespace = await restrictedNamespace(cluster!);
  }, FIRST_START_MS);
  afterAll(() => cluster?.leave());

  const client = () => cluster!.client;
  /** A host of the cluster's ingress, which belongs to one namespace. */
  const hostOf = (service: string): string => `${service}.${namespace}.test`;
  const door = (service: string): Door => ({ url: cluster!.ingressUrl!, host: hostOf(service) });
  const secureDoor = (service: string, ca: string): Door => ({
    ...door(service),
    url: cluster!.ingressUrl!.replace('http:', 'https:'),
    ca,
  });
  /** What Prometheus would read of the poll, and of the operator. */
  async function metricsOf(poll: Poll): Promise<string[]> {
    const [operator] = await client().list(POD, { labelSelector: 'app.kubernetes.io/name=voteapp-operator' });
    const { namespace: system = '', name } = operator!.metadata;
    const pods = [...(await poll.pods('vote')), ...(await poll.pods('worker')), ...(await poll.pods('front'))];
    const told = [...pods, { namespace: system, name }].map(
      async (pod) => (await askPod(client(), pod, PORTS.admin, '/metrics')).body,
    );
    return await Promise.all(told);
  }
  /** Removes a poll, so that the next one has the machine for itself. */
  const end = async (poll: Poll): Promise<void> => await client().remove(poll.ref);

  test('coca-pepsi, on MariaDB: votes through the Service are in /api/votes and in the status', async () => {
    const poll = await Poll.apply(client(), namespace, 'coca-pepsi', (spec) => ({
      ...spec,
      database: { type: 'Managed', managed: { engine: 'MariaDB', image: references.mariadb } },
    }));
    const voted = await poll.askService('vote', '/api/vote', { option: 'pepsi' });
    expect(JSON.parse(voted)).toMatchObject({ status: 'accepted' });
    await expect.poll(() => poll.askService('front', '/api/votes')).toBe('{"votes":{"coca":"0","pepsi":"1"}}');
    await poll.status({ tally: { total: 1, leader: 'pepsi', final: false }, poll: { state: 'Open' } });
    await end(poll);
  });

  test('ingress: votes by https through the Ingress, with the certificate of the Secret', async () => {
    const authority = await Authority.create();
    const names = [hostOf('vote'), hostOf('front')];
    for (const service of ['vote', 'front']) {
      const { certificate, key } = await authority.issue({ subject: `CN=${service}`, server: { names } });
      await client().apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace, name: `ingress-${service}-tls` },
        type: 'kubernetes.io/tls',
        stringData: { 'tls.crt': certificate, 'tls.key': key },
      });
    }
    const poll = await Poll.apply(client(), namespace, 'ingress', (spec) => ({
      ...spec,
      expose: {
        ...spec.expose!,
        hosts: { vote: hostOf('vote'), front: hostOf('front') },
        ingress: { className: 'contour' },
      },
    }));
    const ca = authority.identity.certificate;
    await expect.poll(async () => await ask(secureDoor('vote', ca), '/api/poll')).toMatchObject({ status: 200 });
    expect(await vote(secureDoor('vote', ca), 'coca', 'coca', 'pepsi')).toEqual([202, 202, 202]);
    await expect
      .poll(async () => (await ask(secureDoor('front', ca), '/api/votes')).body)
      .toBe('{"votes":{"coca":"2","pepsi":"1"}}');
    await poll.status({ tally: { total: 3, leader: 'coca' }, urls: { vote: `https://${hostOf('vote')}` } });
    await end(poll);
  });

  test('gateway: votes through the Gateway, and who comes otherwise is not let in', async () => {
    const controller = { 'kubernetes.io/metadata.name': 'projectcontour' };
    const poll = await Poll.apply(client(), namespace, 'gateway', (spec) => ({
      ...spec,
      expose: {
        ...spec.expose!,
        hosts: { vote: hostOf('gated-vote'), front: hostOf('gated-front') },
        tls: { enabled: false },
        gateway: { parentRefs: [{ name: 'contour', namespace: 'projectcontour', sectionName: 'http' }] },
      },
      networkPolicy: { enabled: true, ingressFrom: [{ type: 'Pods', pods: { namespaceLabels: controller } }] },
      monitoring: undefined,
    }));
    await expect.poll(async () => await ask(door('gated-vote'), '/api/poll')).toMatchObject({ status: 200 });
    expect(await vote(door('gated-vote'), 'pepsi')).toEqual([202]);
    await expect
      .poll(async () => (await ask(door('gated-front'), '/api/votes')).body)
      .toBe('{"votes":{"coca":"0","pepsi":"1"}}');
    await poll.status({ tally: { total: 1 } });
    // Of the poll itself, and not the controller: the worker may not ask the vote service either.
    const [[voter], [worker]] = [await poll.pods('vote'), await poll.pods('worker')];
    const script = `fetch('http://${voter!.address}:${PORTS.vote}/api/poll', { signal: AbortSignal.timeout(1500) })`;
    expect((await client().exec(worker!, ['node', '-e', script])).stderr).toContain('TimeoutError');
    await end(poll);
  });

  test('comments: are taken, with e-mails masked, and one vote a voter', async () => {
    const poll = await Poll.apply(client(), namespace, 'comments');
    const comment = { email: 'somebody@example.com', comment: 'Round is friendlier', content_id: 1 };
    expect(await poll.askService('front', '/api/comment/new', comment)).toContain('SUCCESS');
    expect(await poll.askService('front', '/api/comment/list/1')).toMatch(/"email":"s[^"]*\*[^"]*"/);
    for (const option of ['round', 'square']) {
      await poll.askService('vote', '/api/vote', { option, voter: 'one and the same' });
    }
    // What each option has is for those who voted: the status says the total alone.
    const { tally } = await poll.status({ tally: { total: 1 } });
    expect(tally).not.toHaveProperty('options');
    await end(poll);
  });

  test('external: a database and a RabbitMQ of somebody else’s, by TLS of their own authority', async () => {
    const authority = await Authority.create();
    const hosts = { database: `writer.${namespace}.svc`, queue: `queue.${namespace}.svc` };
    const { certificate, key } = await authority.issue({
      subject: 'CN=servers',
      server: { names: Object.values(hosts) },
    });
    const ca = authority.identity.certificate;
    const values = { ...references, ca: JSON.stringify(ca), certificate: JSON.stringify(certificate) };
    const yaml = await readFile(new URL('external-servers.yaml', import.meta.url), 'utf8');
    const filled = Object.entries({ ...values, key: JSON.stringify(key) }).reduce(
      (text, [name, value]) => text.replaceAll(`\${${name}}`, value),
      yaml,
    );
    await client().applyAll(filled, { namespace });
    for (const name of ['database', 'queue']) {
      await waitForCondition(client(), { ...POD, namespace, name }, 'Ready', { timeoutMs: 180_000 });
    }
    const tls = { enabled: true, caSecretRef: { name: 'servers' } };
    const poll = await Poll.apply(client(), namespace, 'external', (spec) => ({
      ...spec,
      database: { type: 'External', external: { ...spec.database!.external!, host: hosts.database, tls } },
      queue: {
        type: 'ExternalRabbitMQ',
        externalRabbitmq: { ...spec.queue!.externalRabbitmq!, host: hosts.queue, tls },
      },
      networkPolicy: {
        enabled: true,
        egressTo: [{ type: 'Pods', pods: { namespaceLabels: { 'kubernetes.io/metadata.name': namespace } } }],
      },
    }));
    const components = (await poll.pods()).map(({ component }) => component);
    expect(new Set(components)).toEqual(new Set(['vote', 'worker', 'front']));
    await poll.askService('vote', '/api/vote', { option: 'coca' });
    await poll.status({ tally: { total: 1, leader: 'coca' } });
    await end(poll);
  });

  test('prime-time: shows no number before the close, and all of them at it', async () => {
    const poll = await Poll.apply(client(), namespace, 'prime-time', ({ poll: definition, ...spec }) => ({
      ...spec,
      poll: {
        ...definition,
        opensAt: new Date(NOW - 60_000).toISOString(),
        closesAt: new Date(NOW + 3_600_000).toISOString(),
      },
      vote: { ...spec.vote, autoscaling: { ...spec.vote!.autoscaling!, minReplicas: 2, maxReplicas: 4 } },
      front: { replicas: 1 },
      worker: { replicas: 2 },
      primeTime: { leadTimeSeconds: 600, vote: { replicas: 3 }, front: { replicas: 2 } },
      database: { type: 'Managed', managed: { engine: 'MySQL', storage: { size: '1Gi' } } },
      queue: { type: 'RabbitMQ', rabbitmq: { replicas: 3, storage: { size: '1Gi' } } },
    }));
    expect(await poll.pods('rabbitmq')).toHaveLength(3);
    expect((await poll.pods('vote')).length).toBeGreaterThanOrEqual(3);
    for (const option of ['ana', 'carla', 'carla']) await poll.askService('vote', '/api/vote', { option });
    await poll.status({ tally: { total: 3, final: false }, poll: { state: 'Open' } });
    const seen = [
      JSON.stringify((await client().get(poll.ref))?.status),
      JSON.stringify(await client().list({ apiVersion: 'v1', kind: 'Event' }, { namespace })),
      JSON.stringify(await poll.columns()),
      ...(await metricsOf(poll)),
    ];
    for (const text of seen) expect(text).not.toMatch(/"leader"|carla/);

    await poll.edit({ poll: { closesAt: new Date().toISOString() } });
    const { tally } = await poll.status({ tally: { final: true, total: 3, leader: 'carla' } });
    expect(tally?.options).toEqual([
      { id: 'ana', votes: 1 },
      { id: 'bruno', votes: 0 },
      { id: 'carla', votes: 2 },
    ]);
    await end(poll);
  });
});

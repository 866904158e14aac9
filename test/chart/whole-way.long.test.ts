import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { VERSION } from '@voteapp/operator/release';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { renamed } from '../../scripts/images/renamed.ts';
import { clusterUnlessMissing } from '../cluster/cluster-unless-missing.ts';
import { waitUntilGone } from '../cluster/conditions.ts';
import { FIRST_START_MS, serviceImages } from '../cluster/shared.ts';
import { findSource } from '../cluster/source.ts';
import { serverImage } from '../images/server-images.ts';
import { asReleased } from '../operator/installation.ts';
import { ask } from '../operator/nodes/http.ts';
import { MODEST, Poll, type RunningPod } from '../operator/nodes/poll.ts';
import { Authority } from '../tools/authority.ts';
import { Ledger, openLoop } from '../tools/ledger.ts';
import { CHART, helmUnlessMissing, POLL_CHART, runHelm, type Values } from './helm.ts';

const SYSTEM = 'voteapp-system';
const NEXT = `${VERSION}-next`;
const SERVICES = ['vote', 'worker', 'front'] as const;
/** Votes a second. */
const RATE = 500;

const helm = await helmUnlessMissing();
const choice = helm === null ? null : await findSource('node');
const isSomebodys = choice !== null && 'source' in choice && choice.source !== 'built';
// The chart brings the definition of VotingApps and takes the whole cluster for its own.
const cluster = choice === null || isSomebodys ? null : await clusterUnlessMissing('node');

describe.skipIf(cluster === null)('from charts and images to a count', { timeout: FIRST_START_MS }, () => {
  let home: string;
  let shop: string;
  let authority: Authority;
  let poll: Poll;
  const accepted = new Ledger();

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'voteapp-whole-way-'));
    const own = await serviceImages();
    const servers = { mysql: await serverImage('mysql'), rabbitmq: await serverImage('rabbitmq') };
    const next = Object.entries(own).map(([name, image]) => renamed(image, `voteapp-${name}:${NEXT}`));
    const images = [...(await asReleased({ ...own, ...servers })), ...(await Promise.all(next))];
    for (const { archive } of images) await cluster!.loadImage(archive);
    shop = await cluster!.createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    authority = await Authority.create();
    const { certificate, key } = await authority.issue({
      subject: 'CN=shop',
      server: { names: [hostOf('vote'), hostOf('front')] },
    });
    await cluster!.client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shop-tls', namespace: shop },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': certificate, 'tls.key': key },
    });
    poll = new Poll(cluster!.client, shop, 'lunch');
  }, FIRST_START_MS);
  afterAll(async () => {
    await cluster?.stop();
    if (home !== undefined) await rm(home, { recursive: true, force: true });
  });

  const hostOf = (service: string): string => `${service}.${shop}.test`;
  const url = (): string => cluster!.ingressUrl!.replace('http:', 'https:');
  const door = (service: string) => ({ url: url(), host: hostOf(service), ca: authority.identity.certificate });
  const vote = (rate: number) => openLoop([url()], rate, accepted, door('vote'));

  async function run(args: readonly string[], values: Values = {}): Promise<string> {
    const env = { HOME: home, KUBECONFIG: cluster!.kubeconfig };
    return await runHelm(helm!, args, { values, env });
  }
  async function installOperator(verb: readonly string[], values: Values = {}): Promise<void> {
    await run([...verb, 'voteapp', CHART, '--namespace', SYSTEM, '--wait', '--timeout', '5m', '--values', '-'], values);
  }
  async function installPoll(): Promise<void> {
    const parts = Object.fromEntries(SERVICES.map((name) => [name, MODEST]));
    await run(['install', 'lunch', POLL_CHART, '--namespace', shop, '--values', '-'], {
      ...parts,
      poll: { options: [{ id: 'coca' }, { id: 'pepsi' }], voters: ['Cookie', 'Named'] },
      database: { type: 'Managed', managed: MODEST },
      queue: { type: 'RabbitMQ', rabbitmq: MODEST },
      expose: {
        type: 'Ingress',
        hosts: { vote: hostOf('vote'), front: hostOf('front') },
        tls: { enabled: true, secretName: 'shop-tls' },
      },
    });
    await poll.ready();
  }
  /** Resolves when the ingress leads to the poll. */
  async function untilReached(): Promise<void> {
    await expect.poll(async () => (await ask(door('front'), '/api/votes')).status, { timeout: 60_000 }).toBe(200);
  }
  async function counted(): Promise<number> {
    const { votes } = JSON.parse((await ask(door('front'), '/api/votes')).body) as { votes: Record<string, string> };
    return Object.values(votes).reduce((sum, count) => sum + Number(count), 0);
  }
  async function expectAllCounted(): Promise<void> {
    await expect.poll(counted, { timeout: 60_000 }).toBe(accepted.accepted.size);
  }

  test('votes by TLS are counted', async () => {
    await installOperator(['install', '--create-namespace']);
    await installPoll();
    await untilReached();
    const load = vote(100);
    await expect.poll(() => accepted.accepted.size, { timeout: 60_000 }).toBeGreaterThan(300);
    await load.stop();
    expect(accepted.reasons).toEqual([]);
    await expectAllCounted();
  });

  test('helm test is content with both releases', async () => {
    expect(await run(['test', 'voteapp', '--namespace', SYSTEM])).toMatch(/Phase:\s+Succeeded/);
    expect(await run(['test', 'lunch', '--namespace', shop])).toMatch(/Phase:\s+Succeeded/);
  });

  test('another operator rolls vote, worker and front out under load, and no client notices', async () => {
    const uids = (pods: readonly RunningPod[]) => pods.map(({ uid }) => uid);
    const before = new Set(uids(await poll.pods()));
    const load = vote(RATE);
    const looks: (number | string)[] = [];
    const looking = new AbortController();
    onTestFinished(() => looking.abort());
    const viewer = (async () => {
      while (!looking.signal.aborted)
        looks.push(await ask(door('front'), '/api/results').then(({ status }) => status, String));
    })();
    const tagged = Object.fromEntries(SERVICES.map((name) => [name, { tag: NEXT }]));
    await installOperator(['upgrade'], { image: { tag: NEXT }, images: tagged });
    for (const service of SERVICES) {
      const renewed = async () => {
        const pods = await poll.pods(service);
        return pods.length > 0 && pods.every(({ uid }) => !before.has(uid));
      };
      await expect.poll(renewed, { timeout: 240_000, interval: 500 }).toBe(true);
    }
    await poll.ready();
    const seen = accepted.accepted.size;
    await expect.poll(() => accepted.accepted.size, { timeout: 60_000 }).toBeGreaterThan(seen + RATE);
    await load.stop();
    looking.abort();
    await viewer;
    expect(accepted.reasons).toEqual([]);
    expect(new Set(looks)).toEqual(new Set([200]));
    await expectAllCounted();
  });

  test('what is uninstalled leaves its votes, and what is installed again finds them', async () => {
    await run(['uninstall', 'lunch', '--namespace', shop]);
    await waitUntilGone(cluster!.client, poll.ref);
    await run(['uninstall', 'voteapp', '--namespace', SYSTEM, '--wait']);
    await installOperator(['install']);
    await installPoll();
    await untilReached();
    await expectAllCounted();
  });
});

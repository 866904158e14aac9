import { get } from 'node:http';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { KubeClient, KubeObject, ObjectRef } from '../client.ts';
import { waitAmong, waitFor, waitForRollout } from '../conditions.ts';
import { FIRST_START_MS, serviceImages, sharedCluster } from '../shared.ts';
import { sample } from './samples.ts';

const POD = { apiVersion: 'v1', kind: 'Pod' };

const cluster = await sharedCluster('node');
// Of other clusters nobody knows which images they can be given and what acts on Ingresses and policies there.
const isBuilt = cluster?.source === 'built';

/** What the cluster's ingress answers to a request for a host. */
async function throughIngress(host: string, path = '/'): Promise<string> {
  const answer = await new Promise<string>((resolve, reject) => {
    get(cluster!.ingressUrl! + path, { headers: { host }, agent: false }, (response) => {
      resolve(text(response).then((body) => `${response.statusCode} ${body}`));
    }).on('error', reject);
  });
  return answer;
}

describe.skipIf(!isBuilt)('a node', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  let web: ObjectRef;

  beforeAll(async () => {
    client = cluster!.client;
    namespace = await cluster!.createNamespace({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const { vote } = await serviceImages();
    await cluster!.loadImage(vote.archive);
    await client.applyAll(await sample('web', { image: vote.reference }), { namespace });
    web = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' };
    await waitForRollout(client, web);
    await waitFor(client, { ...POD, namespace, name: 'caller' }, ({ status }) => status?.['phase'] === 'Running');
  }, FIRST_START_MS);
  afterAll(() => cluster?.leave());

  /** The pod of the web server that serves. */
  async function webPod(): Promise<{ namespace: string; name: string; uid: string }> {
    return await waitAmong(client, POD, { namespace, labelSelector: 'app=web' }, (seen) => {
      for (const { metadata, status } of seen.values()) {
        const { containerStatuses = [] } = status as { containerStatuses?: { ready: boolean }[] };
        const serves = metadata.deletionTimestamp === undefined && containerStatuses.some(({ ready }) => ready);
        if (serves) return { namespace, name: metadata.name, uid: metadata.uid! };
      }
      return null;
    });
  }
  /** What a pod hears when it asks for a URL on a new connection; null when nobody answers within a second. */
  async function asked(url: string, from = 'caller'): Promise<string | null> {
    const script = `fetch('${url}', { signal: AbortSignal.timeout(1000) }).then((it) => it.text()).then(console.log)`;
    const { stdout, code } = await client.exec({ namespace, name: from }, ['node', '-e', script]);
    return code === 0 ? stdout.trim() : null;
  }

  test('leads from a Service by its short and its full name to a pod of a locally built image', async () => {
    // A kube-proxy takes a second to know a new Service.
    await expect.poll(() => asked('http://web/')).toBe('hello');
    expect(await asked(`http://web.${namespace}.svc.cluster.local/`)).toBe('hello');
    expect(await asked('http://nowhere.test/')).toBeNull();
  });

  test.for([
    ['an Ingress', 'ingress.test'],
    ['an HTTPRoute', 'route.test'],
  ])('leads from %s to a pod', async ([, host]) => {
    await expect.poll(() => throughIngress(host!)).toBe('200 hello');
    expect(await throughIngress('nowhere.test')).toMatch(/^404 /);
  });

  test('sends nothing to a pod whose readiness probe fails', async () => {
    await expect.poll(() => asked('http://web/')).toBe('hello');
    const forwarded = await client.portForward(await webPod(), 8080);
    await fetch(`http://127.0.0.1:${forwarded.port}/unready`);
    await expect.poll(() => asked('http://web/')).toBeNull();
    await fetch(`http://127.0.0.1:${forwarded.port}/ready`);
    await expect.poll(() => asked('http://web/')).toBe('hello');
    await forwarded.close();
  });

  test('keeps a volume when its pod goes', async () => {
    await expect.poll(() => asked('http://web/write')).not.toBeNull();
    const before = await webPod();
    await client.remove({ ...POD, ...before });
    await expect.poll(async () => (await webPod()).uid).not.toBe(before.uid);
    await expect.poll(() => asked('http://web/read')).toBe('kept');
  });

  test('tells what a pod printed, and runs commands in it', async () => {
    const pod = await webPod();
    expect(await client.logs(pod)).toBe('listening\n');
    expect(await client.exec(pod, ['node', '-p', 'process.getuid()'])).toMatchObject({ stdout: '65532\n', code: 0 });
    expect(await client.exec(pod, ['node', '-e', "fs.writeFileSync('/x', '')"])).toMatchObject({
      stderr: expect.stringContaining('EROFS') as string,
      code: 1,
    });
  });

  test('denies the connections that no NetworkPolicy allows', async () => {
    await expect.poll(() => asked('http://web/')).toBe('hello');
    const policy = (labels: Readonly<Record<string, string>>): KubeObject => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name: 'web' },
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ from: [{ podSelector: { matchLabels: labels } }] }],
      },
    });
    await client.apply(policy({ app: 'nobody' }));
    await expect.poll(() => asked('http://web/')).toBeNull();
    // The kubelet's probes are of the node, which no policy keeps out.
    expect((await client.get(web))?.['status']).toMatchObject({ readyReplicas: 1 });
    await client.apply(policy({ app: 'caller' }));
    await expect.poll(() => asked('http://web/')).toBe('hello');
    await client.remove({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name: 'web' });
  });

  test('refuses a pod that is not restricted, by the namespace’s Pod Security level', async () => {
    const pod = { ...POD, metadata: { namespace, name: 'root' }, spec: { containers: [{ name: 'c', image: 'c' }] } };
    await expect(client.create(pod)).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });

  test('measures what pods use', async () => {
    // Until there is a first measurement there is no such kind.
    const pods = async () =>
      await client.list({ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }, { namespace });
    const measured = async () => (await pods().catch(() => [])).map(({ metadata }) => metadata.name);
    await expect.poll(measured, { timeout: 60_000 }).toContain('caller');
  });
});

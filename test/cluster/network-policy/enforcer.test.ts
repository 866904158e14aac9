import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { KubeClient, KubeObject, ObjectRef } from '../client.ts';
import { FIRST_START_MS, sharedCluster } from '../shared.ts';
import { type Enforcement, enforcePolicies } from './enforcer.ts';

const cluster = await sharedCluster('api');
const PORT = 7001;

describe.skipIf(cluster === null)('what is enforced', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  let enforcement: Enforcement;
  /** All that the kernel was given; the last is what it follows. */
  let scripts: string[];
  let reports: string[];
  /** What the kernel does while it takes a script. */
  let taking: () => Promise<void>;

  async function apply(script: string): Promise<void> {
    await taking();
    scripts.push(script);
  }
  const report = (error: unknown) => void reports.push((error as Error).message);

  beforeAll(async () => {
    client = cluster!.client;
    namespace = await cluster!.createNamespace();
  }, FIRST_START_MS);
  beforeEach(() => {
    scripts = [];
    reports = [];
    taking = () => new Promise(setImmediate);
    enforcement = enforcePolicies(client, apply, report);
  });
  afterEach(() => enforcement.stop());
  afterAll(() => cluster?.leave());

  const refTo = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Pod', namespace, name });
  /** A pod that nothing runs. */
  async function pod(name: string, address: string | null, labels: Readonly<Record<string, string>> = { app: name }) {
    const metadata = { namespace, name, labels };
    // Nobody else's scheduler, nor kubelet, is to touch it.
    const spec = { schedulerName: 'nobody', containers: [{ name: 'c', image: 'none.invalid/none' }] };
    await client.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    if (address === null) return;
    const status = { podIP: address, podIPs: [{ ip: address }] };
    await client.merge(refTo(name), { status }, { subresource: 'status' });
  }
  const POLICY = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
  /** `db` may be reached by whoever these peers are, at a port that no other suite knows. */
  async function policy(...from: readonly object[]): Promise<KubeObject> {
    const spec = { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from, ports: [{ port: PORT }] }] };
    return await client.apply({ ...POLICY, metadata: { namespace, name: 'db' }, spec });
  }
  /** The addresses that may reach `db`; null while it is not isolated. */
  function allowed(): string[] | null {
    const script = scripts.at(-1) ?? '';
    if (!script.includes(`# ${namespace}/db\n`)) return null;
    return [...script.matchAll(new RegExp(`ip saddr (.+) tcp dport ${PORT} return`, 'g'))].map(([, who]) => who!);
  }
  async function settles(): Promise<string[] | null> {
    await enforcement.settled();
    return allowed();
  }

  test('is what there is, and then what changes', async () => {
    expect(await settles()).toBeNull();
    await pod('db', '10.99.0.2');
    await pod('web', null);
    await policy({ podSelector: { matchLabels: { app: 'web' } } });
    expect(await settles()).toEqual([]);
    await pod('web', '10.99.0.3');
    expect(await settles()).toEqual(['10.99.0.3']);
    await pod('web', null, { app: 'other' });
    expect(await settles()).toEqual([]);
    await policy({ namespaceSelector: { matchLabels: { test: 'policies' } } });
    expect(await settles()).toEqual([]);
    const ours = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
    await client.merge(ours, { metadata: { labels: { test: 'policies' } } });
    expect(await settles()).toEqual(['{ 10.99.0.2, 10.99.0.3 }']);
    await client.remove(refTo('web'), { gracePeriodSeconds: 0 });
    expect(await settles()).toEqual(['10.99.0.2']);
    await client.remove({ ...POLICY, namespace, name: 'db' });
    expect(await settles()).toBeNull();
    expect(reports).toEqual([]);
  });

  test('is what there was before it was followed', async () => {
    await policy({ ipBlock: { cidr: '198.51.100.0/24' } });
    const another = enforcePolicies(client, apply, report);
    await another.settled();
    expect(allowed()).toEqual(['198.51.100.0/24']);
    await another.stop();
  });

  test('is given to the kernel one after the other, and together with what came meanwhile', async () => {
    await policy({ podSelector: {} });
    await enforcement.settled();
    let atOnce = 0;
    const most: number[] = [];
    const { promise: ready, resolve: goOn } = Promise.withResolvers<void>();
    taking = async () => {
      most.push((atOnce += 1));
      await ready;
      atOnce -= 1;
    };
    const before = scripts.length;
    const names = Array.from({ length: 10 }, (_, index) => `many-${index}`);
    await Promise.all(names.map((name, index) => pod(name, `10.99.1.${index}`)));
    // Whoever asks later is told as soon, so that by then the first one knows of all pods too.
    const another = enforcePolicies(client, async () => {}, report);
    await another.settled();
    goOn();
    const everybody: unknown = expect.stringMatching(/^\{ 10\.99\.0\.2,( 10\.99\.1\.\d,?){10} \}$/);
    await expect.poll(allowed).toEqual([everybody]);
    expect(Math.max(...most)).toBe(1);
    expect(scripts.length - before).toBeLessThan(5);
    expect(scripts.filter((script, index) => script === scripts[index - 1])).toEqual([]);
    expect(reports).toEqual([]);
    await another.stop();
  });

  test('is nothing new where nothing of it changes', async () => {
    await enforcement.settled();
    const before = allowed();
    await client.merge(refTo('db'), { metadata: { annotations: { some: 'thing' } } });
    expect(await settles()).toEqual(before);
    expect(scripts.filter((script, index) => script === scripts[index - 1])).toEqual([]);
  });

  test('is tried again after a failure, which is told once until it goes well', async () => {
    await enforcement.settled();
    const refuses = async () => {
      throw new Error('no nft');
    };
    taking = refuses;
    await policy({ ipBlock: { cidr: '198.51.100.1/32' } });
    await expect(enforcement.settled()).rejects.toThrow('no nft');
    await policy({ ipBlock: { cidr: '198.51.100.2/32' } });
    await expect(enforcement.settled()).rejects.toThrow('no nft');
    expect(reports).toEqual(['no nft']);
    taking = async () => {};
    expect(await settles()).toEqual(['198.51.100.2/32']);
    taking = refuses;
    await policy();
    await expect(enforcement.settled()).rejects.toThrow('no nft');
    expect(reports).toEqual(['no nft', 'no nft']);
  });

  test('is nothing to those who may not see it, which is told once', async () => {
    const stranger = client.as('nobody-in-particular');
    const refused = enforcePolicies(stranger, apply, report);
    await expect(refused.settled()).rejects.toThrow('forbidden');
    await expect(refused.settled()).rejects.toThrow('forbidden');
    await refused.stop();
    await stranger.close();
    expect(reports).toEqual([expect.stringContaining('forbidden')]);
  });

  test('stays as it is when it is followed no more', async () => {
    await enforcement.settled();
    await enforcement.stop();
    const before = scripts.length;
    await policy({ ipBlock: { cidr: '198.51.100.3/32' } });
    await expect(enforcement.settled()).rejects.toThrow('no more');
    expect(scripts).toHaveLength(before);
  });
});

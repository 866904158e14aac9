import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { KubeClient } from './client.ts';
import { waitAmong } from './conditions.ts';
import { FIRST_START_MS, sharedCluster } from './shared.ts';

const cluster = await sharedCluster('node');
// Others' clusters may have another DNS.
const hasCoreDns = cluster !== null && cluster.source !== 'existing';

describe.skipIf(!hasCoreDns)('a pod', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let pod: { readonly namespace: string; readonly name: string };
  beforeAll(async () => {
    client = cluster!.client;
    const dns = { namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' };
    pod = await waitAmong(client, { apiVersion: 'v1', kind: 'Pod' }, dns, (seen) => {
      const [metadata] = [...seen.values()].flatMap(({ metadata, status }) =>
        status?.['phase'] === 'Running' ? [metadata] : [],
      );
      return metadata === undefined ? null : { namespace: 'kube-system', name: metadata.name };
    });
  });
  afterAll(() => cluster!.leave());
  const absent = { namespace: 'kube-system', name: 'absent' };

  test('tells what it printed', async () => {
    expect(await client.logs(pod)).toContain('CoreDNS-');
    await expect(client.logs(absent)).rejects.toThrow('pods "absent" not found');
  });

  test('runs a command, and tells what it printed and how it ended', async () => {
    const told = await client.exec(pod, ['/coredns', '-version']);
    expect(told).toEqual({ stdout: expect.stringMatching(/^CoreDNS-\d/) as string, stderr: '', code: 0 });
    const failed = await client.exec(pod, ['/coredns', '-nonsense']);
    expect(failed).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('flag provided but not defined') as string,
    });
  });

  test.for([
    ['a program that it does not have', () => client.exec(pod, ['/absent']), 'no such file or directory'],
    ['a pod that is not there', () => client.exec(absent, ['/coredns']), 'exec in pod kube-system/absent: '],
  ] as const)('does not run %s', async ([, run, why]) => {
    await expect(run()).rejects.toThrow(why);
  });

  test('is reached through a port here, several times', async () => {
    const forwarded = await client.portForward(pod, 8080);
    const health = `http://127.0.0.1:${forwarded.port}/health`;
    const answers = await Promise.all([1, 2, 3].map(async () => await (await fetch(health)).text()));
    expect(answers).toEqual(['OK', 'OK', 'OK']);
    await forwarded.close();
    await expect(fetch(health)).rejects.toThrow();
  });

  test('resets what nothing listens for', async () => {
    const forwarded = await client.portForward(pod, 4);
    const asked = fetch(`http://127.0.0.1:${forwarded.port}/`);
    await expect(asked).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    await forwarded.close();
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { clusterUnlessMissing } from '../cluster/cluster-unless-missing.ts';
import { FIRST_START_MS, serviceImages } from '../cluster/shared.ts';
import { findSource } from '../cluster/source.ts';
import { serverImage } from '../images/server-images.ts';
import { asReleased } from '../operator/installation.ts';
import { Shell } from '../operator/shell.ts';
import { readPage, sectionOf, stepsOf } from '../tools/document.ts';
import { ON_A_NODE } from './examples.ts';

const page = await readPage('README.md');
const choice = await findSource('node');
const isSomebodys = 'source' in choice && choice.source !== 'built';
// Whoever installs and uninstalls has a cluster of their own: in the one of the run, others have the operator.
const cluster = isSomebodys ? null : await clusterUnlessMissing('node');

describe.skipIf(cluster === null)('the tour of the README on Kubernetes', { timeout: FIRST_START_MS }, () => {
  let shell: Shell;
  beforeAll(async () => {
    const images = {
      ...(await serviceImages()),
      mysql: await serverImage('mysql'),
      rabbitmq: await serverImage('rabbitmq'),
    };
    for (const { archive } of await asReleased(images)) await cluster!.loadImage(archive);
    const { kubeconfig, kubectl = 'kubectl' } = cluster!;
    shell = await Shell.open({ kubeconfig, namespace: 'default', programs: [kubectl] });
  }, FIRST_START_MS);
  afterAll(async () => {
    await shell?.close();
    await cluster?.stop();
  });

  test('is as documented, with no other tool', async () => {
    const steps = stepsOf(sectionOf(page, 'On Kubernetes'));
    const verbs = steps.map(({ command }) => command.split(' ').slice(0, 2).join(' '));
    expect(verbs).toEqual(expect.arrayContaining(['voteapp check', 'voteapp install', 'voteapp status']));
    expect(new Set(steps.map(({ command }) => command.split(' ')[0]))).toEqual(new Set(['export', 'voteapp']));
    expect(verbs.at(-1)).toBe('voteapp uninstall');
    await shell.walkAll(steps.slice(0, -1));

    // Before the end: what only a leader and pods that run can show.
    await shell.walk({ command: 'voteapp check', answer: '…\n  ok    voteapp-operator-… leads\n…\nAll is well.' });
    for (const [command, { isEndless = false }] of Object.entries(ON_A_NODE)) {
      await shell.walk({ command, answer: isEndless ? '…\n^C' : '…' });
    }

    await shell.walkAll([
      { command: 'voteapp uninstall', answer: 'Nothing was removed, for there are VotingApps: default/lunch. …' },
      { command: 'echo $?', answer: '1' },
      ...steps.slice(-1),
    ]);
    const { client } = cluster!;
    const [claim, secret] = [
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data-lunch-mysql-0' },
      { apiVersion: 'v1', kind: 'Secret', namespace: 'default', name: 'lunch-voteapp-secret' },
    ];
    expect(await Promise.all([client.get(claim), client.get(secret)])).not.toContain(null);
    await shell.walk({ command: 'voteapp uninstall --delete-data --yes', answer: '…' });
    expect(await Promise.all([client.get(claim), client.get(secret)])).toEqual([null, null]);
  });
});

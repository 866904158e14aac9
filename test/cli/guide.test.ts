import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { stageCluster } from '../operator/in-process.ts';
import { FIRST_START_MS, installWithImages, knownNode, restrictedNamespace } from '../operator/nodes/cluster.ts';
import { Shell } from '../operator/shell.ts';
import { readPage, sectionOf, stepsOf } from '../tools/document.ts';
import { PlayedInstallation } from './played-installation.ts';

const page = await readPage('docs/cli.md');
/** Commands that need pods which run. */
const ON_A_NODE = ['The tool', 'A producer’s evening'];
/** The others, in the order of the page: the operator is installed first and removed at last. */
const ON_AN_API_SERVER = [
  'The tool',
  'On this machine',
  'Into a cluster',
  'For platform engineers',
  'In scripts',
  'Out of a cluster',
];

function stepsIn(sections: readonly string[]) {
  return sections.flatMap((heading) => stepsOf(sectionOf(page, heading)));
}

test('every command of docs/cli.md is run by one of the tests below', () => {
  const run = new Set([...stepsIn(ON_A_NODE), ...stepsIn(ON_AN_API_SERVER)].map(({ command }) => command));
  expect(run).toEqual(new Set(stepsOf(page).map(({ command }) => command)));
});

const shared = await stageCluster();
await shared?.leave();

describe.skipIf(shared === null)('docs/cli.md, where pods are played', { timeout: FIRST_START_MS }, () => {
  let played: PlayedInstallation;
  let shell: Shell;
  beforeAll(async () => {
    played = await PlayedInstallation.start();
    const { kubeconfig, kubectl = 'kubectl' } = played.cluster;
    shell = await Shell.open({ kubeconfig, namespace: played.stage.namespace, programs: [kubectl] });
  }, FIRST_START_MS);
  afterAll(async () => {
    await shell?.close();
    await played?.stop();
  });

  test('is as documented', async () => {
    await shell.walkAll(stepsIn(ON_AN_API_SERVER.slice(0, 3)));
    await played.play();
    await shell.walkAll(stepsIn(ON_AN_API_SERVER.slice(3)));
  });
});

const node = await knownNode();

describe.skipIf(node === null)('a producer’s evening of docs/cli.md, on a node', { timeout: FIRST_START_MS }, () => {
  let shell: Shell;
  beforeAll(async () => {
    await installWithImages(node!);
    const { kubeconfig, kubectl = 'kubectl' } = node!;
    shell = await Shell.open({ kubeconfig, namespace: await restrictedNamespace(node!), programs: [kubectl] });
  }, FIRST_START_MS);
  afterAll(async () => {
    await shell?.close();
    await node?.leave();
  });

  test('is as documented', async () => {
    await shell.walkAll(stepsIn(ON_A_NODE));
  });
});

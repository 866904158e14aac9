import { objectNames, PARTS, SERVICES } from '@voteapp/contracts/cluster-objects';
import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { REASONS } from '@voteapp/operator/reconcile/outcome';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { helmUnlessMissing } from '../chart/helm.ts';
import type { KubeObject } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { type FakePods, startFakePods } from '../cluster/ready-pods.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { blocksIn, readPage, sectionOf, stepsOf } from '../tools/document.ts';
import { votingApp } from './arbitrary-resource.ts';
import { Stage, stageCluster } from './in-process.ts';
import { SAMPLES } from './sample-objects.ts';
import { Shell } from './shell.ts';

const SYSTEM = 'voteapp-system';
const page = await readPage('docs/operator.md');
/** Commands that need pods which run: the tour on a node has them (nodes/smallest.test.ts). */
const NEEDS_PODS = /^(curl|kubectl port-forward) /;

/** The rows of the first table of a section, without its head. */
function tableOf(heading: string): string[][] {
  const lines = sectionOf(page, heading).split('\n');
  const rows = lines.filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

describe('docs/operator.md', () => {
  const documented = tableOf('What is made').flatMap(([kind, names = '']) =>
    quoted(names).map((name) => `${kind} ${name}`),
  );

  test('names every object that a sample has', () => {
    const made = Object.entries(SAMPLES).flatMap(([sample, { objects }]) =>
      objects.map((object) => object.replace(` ${sample}-`, ' NAME-')),
    );
    expect(documented).toEqual(expect.arrayContaining([...new Set(made)]));
  });

  test('names objects as they are named', () => {
    const names = objectNames('NAME');
    const all = [
      ...PARTS.flatMap((part) => [names.workload(part), names.service(part)]),
      ...SERVICES.flatMap((service) => [names.ingress(service), names.httpRoute(service)]),
      ...(['mysql', 'rabbitmq'] as const).flatMap((part) => [names.nodes(part), names.claim(part, 0)]),
    ];
    all.push(names.poll, names.secret, names.denyAll, names.podMonitor, names.rabbitmqSettings);
    expect(new Set(documented.map((object) => object.split(' ')[1]))).toEqual(new Set(all));
  });

  test('knows what to do about reasons that there are', () => {
    const reasons = tableOf('When something is wrong').flatMap(([reason = '']) => quoted(reason));
    expect(reasons.length).toBeGreaterThan(10);
    expect(reasons.filter((reason) => !(reason in REASONS))).toEqual([]);
  });

  test('has examples that are valid', () => {
    const examples = blocksIn(page, 'yaml').map((text) => parse(text) as { readonly spec: object });
    expect(examples.length).toBeGreaterThan(5);
    for (const { spec } of examples)
      expect(resourceSchema.parse(votingApp('example', {}, spec)).spec).toMatchObject(spec);
  });
});

const [helm, shared] = [await helmUnlessMissing(), await stageCluster()];
await shared?.leave();

describe.skipIf(shared === null)('the commands of docs/operator.md', { timeout: FIRST_START_MS }, () => {
  let cluster: Cluster;
  let shell: Shell;
  let stage: Stage;
  let system: FakePods;
  beforeAll(async () => {
    cluster = await startCluster({ level: 'api' });
    system = await startFakePods(cluster.client, { namespace: SYSTEM });
    stage = await Stage.set(cluster, { definition: 'own' });
    const { kubeconfig, kubectl } = cluster;
    const programs = [kubectl, helm].filter((program) => typeof program === 'string');
    shell = await Shell.open({ kubeconfig, namespace: stage.namespace, programs });
  }, FIRST_START_MS);
  afterAll(async () => {
    await shell?.close();
    await stage?.stop();
    await system?.stop();
    await cluster?.stop();
  });

  const install = stepsOf(sectionOf(page, 'Install'));

  test.skipIf(helm === null)('install by Helm', async () => {
    for (const step of install.filter(({ command }) => command.startsWith('helm '))) await shell.walk(step);
    await shell.run(`helm uninstall voteapp --namespace ${SYSTEM}`);
  });

  test('install by kubectl, and lead a poll through its life', async () => {
    // The class of volumes that there is at first lets none grow.
    const standard = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'standard' };
    await cluster.client.merge(standard, { allowVolumeExpansion: true });
    for (const step of install.filter(({ command }) => !command.startsWith('helm '))) await shell.walk(step);
    await stage.startOperator();
    const others = stepsOf(page).filter(({ command }) => install.every((step) => step.command !== command));
    expect(others.length).toBeGreaterThan(20);
    for (const step of others) {
      if (NEEDS_PODS.test(step.command)) stage.services.say('smallest', { votes: { coca: 1 } });
      else await shell.walk(step);
      stage.services.say('smallest', { state: stateOf(await stage.get('smallest')) });
    }
    expect((await stage.children('smallest')).map(({ kind }) => kind)).not.toContain('Secret');
  });
});

/** How a poll without times is, as its resource asks for. */
function stateOf(app: KubeObject | null): 'Open' | 'Suspended' {
  const { suspend } = (app?.spec?.['poll'] ?? {}) as { readonly suspend?: boolean };
  return suspend === true ? 'Suspended' : 'Open';
}

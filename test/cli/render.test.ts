import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import type { VotingAppObject } from '@voteapp/contracts/contract/resource-table';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';

import type { KubeClient, KubeObject } from '../cluster/client.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from '../operator/arbitrary-resource.ts';
import { nameOf, Stage, stageCluster } from '../operator/in-process.ts';
import { installOptionalKinds } from '../operator/optional-kinds.ts';
import { SAMPLES } from '../operator/sample-objects.ts';
import { type Answer, voteapp } from './voteapp.ts';

const FOLDER = new URL('../../manifests/samples/', import.meta.url);
const OPERATOR = { apiVersion: 'apps/v1', kind: 'Deployment' };
const MANAGER = 'voteapp-operator';

const cluster = await stageCluster();

/** What a kubectl of the cluster's says. */
async function kubectl(args: readonly string[], input: string): Promise<Answer> {
  const env = { ...process.env, KUBECONFIG: cluster!.kubeconfig };
  const child = spawn(cluster?.kubectl ?? 'kubectl', args, { env });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

function objectsIn(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

async function sample(name: string): Promise<KubeObject[]> {
  return objectsIn(await readFile(new URL(`${name}.yaml`, FOLDER), 'utf8'));
}

/** An object without what every write leaves in it. */
function content({ metadata, status: _status, ...rest }: KubeObject): object {
  const kept = Object.entries(metadata).filter(([name]) => !['managedFields', 'resourceVersion'].includes(name));
  return { ...rest, metadata: Object.fromEntries(kept) };
}

const fromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

/** What a cluster knows and a file does not. */
const STATES: Readonly<Record<string, VotingAppObject>> = {
  'in prime time': votingApp(
    'prime',
    { opensAt: fromNow(5), closesAt: fromNow(60) },
    { primeTime: { leadTimeSeconds: 600, vote: { replicas: 7 } } },
  ),
  'asleep, before its open': votingApp('asleep', { opensAt: fromNow(600) }, { hibernate: true }),
};

describe.skipIf(cluster === null)('voteapp render --from-cluster', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let stage: Stage;
  beforeAll(async () => {
    client = cluster!.client;
    await installOptionalKinds(client);
    stage = await Stage.set(cluster!);
    await stage.startOperator();
    const labels = { app: 'operator' };
    await client.apply({
      ...OPERATOR,
      metadata: { name: 'voteapp-operator', namespace: stage.namespace, labels: { 'app.kubernetes.io/name': MANAGER } },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              { name: 'operator', image: 'operator', env: [{ name: 'WATCH_NAMESPACE', value: stage.namespace }] },
            ],
          },
        },
      },
    });
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  async function render(...args: string[]): Promise<Answer> {
    const { namespace } = stage;
    const where = ['--kubeconfig', cluster!.kubeconfig, '-n', namespace, '--operator-namespace', namespace];
    return await voteapp(['render', ...args, ...where]);
  }

  async function rendered(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await render(...args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  }

  /** What an apply of the text by the operator would change, by object. */
  async function changes(text: string): Promise<[string, object, object | null][]> {
    const all = objectsIn(text).map(async (object): Promise<[string, object, object | null]> => {
      const before = await client.get({ ...object, ...object.metadata });
      const after = await client.apply(object, { force: true, dryRun: true, fieldManager: MANAGER });
      return [nameOf(object), content(after), before === null ? null : content(before)];
    });
    return await Promise.all(all);
  }

  async function expectNothingToChange(name: string): Promise<void> {
    const text = await rendered('--from-cluster', name);
    for (const [object, after, before] of await changes(text)) expect([object, after]).toEqual([object, before]);
    const made = (await stage.children(name)).map(nameOf).filter((object) => !object.startsWith('Secret '));
    expect(objectsIn(text).map(nameOf).toSorted()).toEqual(made.toSorted());
  }

  test.each(Object.keys(SAMPLES))('is what the operator made of manifests/samples/%s.yaml', async (name) => {
    for (const object of await sample(name)) await stage.apply(object);
    await stage.untilCondition(name, 'Ready');
    await expectNothingToChange(name);
  });

  test.each(Object.entries(STATES))('is what it made of a poll %s', async (_, resource) => {
    const { name } = resource.metadata;
    await stage.apply(resource);
    await stage.untilCondition(name, 'Ready');
    await expectNothingToChange(name);
  });

  test('leaves kubectl diff nothing to show, and shows it an edit', async () => {
    await stage.apply(votingApp('edited'));
    await stage.untilCondition('edited', 'Ready');
    const diff = ['diff', '--server-side', '--field-manager', MANAGER, '--force-conflicts', '-f', '-'];
    const same = await kubectl(diff, await rendered('--from-cluster', 'edited'));
    expect(same).toEqual({ code: 0, stdout: '', stderr: '' });

    const edit = stringify(votingApp('edited', {}, { worker: { replicas: 4 } }));
    const { stdout, code } = await voteapp(
      ['render', '-f', '-', '--from-cluster', '--kubeconfig', cluster!.kubeconfig].concat([
        '-n',
        stage.namespace,
        '--operator-namespace',
        stage.namespace,
      ]),
      { input: edit },
    );
    expect(code).toBe(0);
    const other = await kubectl(diff, stdout);
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(/^-\s+replicas: 1\n\+\s+replicas: 4$/m);
    // Of the pods of the others nothing changes: only the number of the edit does.
    const changed = [...other.stdout.matchAll(/^diff .*\/(\S+)$/gm)].map(([, file]) => file);
    expect(changed.some((file) => file?.includes('vote-server'))).toBe(false);
  });

  test('says what keeps it from an answer', async () => {
    expect(await render('--from-cluster', 'nobody')).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(/^There is no VotingApp nobody in namespace \S+; it has .+\.\n$/) as string,
    });
    const elsewhere = await voteapp(
      ['render', '--from-cluster', 'smallest', '--kubeconfig', cluster!.kubeconfig].concat([
        '-n',
        stage.namespace,
        '--operator-namespace',
        'nowhere',
      ]),
    );
    expect(elsewhere).toMatchObject({
      code: 4,
      stderr: `No operator in namespace nowhere watches namespace ${stage.namespace}: install one with \`voteapp install\`.\n`,
    });
  });
});

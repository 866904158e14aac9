import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import {
  BAD_RESOURCES,
  GOOD_RESOURCES,
  type GoodResource,
  type VotingAppObject,
} from '@voteapp/contracts/contract/resource-table';
import type { VotingAppStatus } from '@voteapp/contracts/resource/status';
import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import { type KubeClient, KubeError, type KubeObject, refOf } from '../cluster/client.ts';
import { waitUntilServed } from '../cluster/conditions.ts';
import { FIRST_START_MS, sharedCluster } from '../cluster/shared.ts';
import { ARBITRARY_RESOURCES, votingApp } from './arbitrary-resource.ts';

const root = new URL('../../', import.meta.url);
const definition = await readFile(new URL('crds/voteapp.dev_votingapps.yaml', root), 'utf8');
const samples = new URL('manifests/samples/', root);
const sampleFiles = (await readdir(samples)).filter((file) => file.endsWith('.yaml'));

describe.each(sampleFiles)('manifests/samples/%s', (file) => {
  test('is a VotingApp of the schema, named as the file', async () => {
    const documents = parseAllDocuments(await readFile(new URL(file, samples), 'utf8'));
    const resources = documents.map((document) => document.toJS() as KubeObject);
    const [resource, ...others] = resources.filter(({ kind }) => kind === 'VotingApp');
    expect(others).toEqual([]);
    expect(resourceSchema.parse(resource).metadata.name).toBe(basename(file, '.yaml'));
  });
});

const cluster = await sharedCluster('api');

describe.skipIf(cluster === null)('the VotingApp of the API server', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let namespace: string;
  beforeAll(async () => {
    client = cluster!.client;
    for (const applied of await client.applyAll(definition)) await waitUntilServed(client, refOf(applied));
    namespace = await cluster!.createNamespace();
  }, FIRST_START_MS);
  afterAll(() => cluster?.leave());

  function placed({ metadata, ...object }: VotingAppObject): KubeObject {
    return { ...object, metadata: { ...metadata, namespace } };
  }

  function path(): string {
    return `/apis/voteapp.dev/v1alpha1/namespaces/${namespace}/votingapps`;
  }

  async function judge({ before, resource }: GoodResource): Promise<void> {
    const query = 'dryRun=All&fieldValidation=Strict';
    const object = placed(resource);
    if (before === undefined) {
      await client.raw('POST', `${path()}?${query}`, object);
      return;
    }
    const { metadata } = await client.create(placed(before));
    try {
      const { resourceVersion } = metadata;
      const edited = { ...object, metadata: { ...object.metadata, resourceVersion } };
      await client.raw('PUT', `${path()}/${metadata.name}?${query}`, edited);
    } finally {
      await client.remove(refOf(placed(before)));
    }
  }

  test.each(Object.entries(GOOD_RESOURCES))('takes %s', async (_, good) => {
    await judge(good);
  });

  test.each(Object.entries(BAD_RESOURCES))('refuses %s', async (_, { path, message, server = message, ...bad }) => {
    const refusal = await refusalOf(judge(bad));
    expect(refusal).toContain(server);
    expect(blamed(refusal).map((field) => (field.startsWith(path) ? path : field))).toEqual([path]);
  });

  test.each(Object.entries(ARBITRARY_RESOURCES))('judges %s as the schema does', async (_, resources) => {
    const judged = fc.asyncProperty(resources, async (resource) => {
      const refusal = await refusalOf(judge({ resource }));
      expect({ resource, taken: refusal === NOTHING, refusal }).toMatchObject({
        taken: resourceSchema.safeParse(resource).success,
      });
    });
    // Always the same: what two libraries think of a zone's odd spelling is not for a pipeline to find out.
    await fc.assert(judged, { seed: 6, numRuns: 60 });
  });

  test.each(sampleFiles)('takes manifests/samples/%s', async (file) => {
    const text = await readFile(new URL(file, samples), 'utf8');
    const applied = await client.applyAll(text, { namespace, dryRun: true });
    expect(applied.map(({ kind }) => kind)).toContain('VotingApp');
  });

  test('replaces the default list of voters in a server-side apply', async () => {
    const named = (poll: object): KubeObject => placed(votingApp('voters', poll));
    expect(await client.apply(named({}))).toMatchObject({ spec: { poll: { voters: ['Cookie', 'Named'] } } });
    expect(await client.apply(named({ voters: ['Named'] }))).toMatchObject({ spec: { poll: { voters: ['Named'] } } });
  });

  test('keeps the order of options that a server-side apply appends to', async () => {
    const ids = ['coca', 'pepsi', 'a-later-one'];
    const applied = async (options: readonly string[]) =>
      (await client.apply(placed(votingApp('order', { options: options.map((id) => ({ id })) })))).spec;
    await applied(ids.slice(0, 2));
    expect(await applied(ids)).toMatchObject({ poll: { options: ids.map((id) => ({ id })) } });
    expect(await refusalOf(applied(['a-later-one', 'coca', 'pepsi']))).toContain('must keep every option in its place');
  });

  test('shows what the operator reports', async () => {
    const { metadata } = await client.create(placed(votingApp('columns')));
    const app = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', namespace, name: metadata.name };
    const now = new Date().toISOString();
    const status: VotingAppStatus = {
      observedGeneration: 1,
      conditions: [
        { type: 'Open', status: 'True', reason: 'Opened', message: 'The poll is open.', lastTransitionTime: now },
        { type: 'Ready', status: 'False', reason: 'PodsMissing', message: '0/2 ready', lastTransitionTime: now },
      ],
      poll: { state: 'Open', observedRevision: 1 },
      components: [{ name: 'vote', desired: 2, ready: 0, image: 'vote:1.2.0', message: '0/2 ready' }],
      urls: { vote: 'https://vote.example.com' },
      version: '1.2.0',
      tally: { total: 3, options: [{ id: 'coca', votes: 3 }], leader: 'coca', asOf: now, final: false },
    };
    await client.merge(app, { status });
    expect((await client.get(app))?.status).toBeUndefined();
    await client.merge(app, { status }, { subresource: 'status' });

    const table = (await client.raw('GET', `${path()}/${metadata.name}`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })) as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
    const { cells = [] } = table.rows[0] ?? {};
    expect(Object.fromEntries(table.columnDefinitions.map(({ name }, index) => [name, cells[index]]))).toEqual({
      Name: 'columns',
      Ready: 'False',
      Poll: 'Open',
      Votes: 3,
      Leader: 'coca',
      URL: 'https://vote.example.com',
      Version: '1.2.0',
      Age: expect.any(String) as string,
    });
  });

  test('has its short name and its category', async () => {
    const { resources } = (await client.raw('GET', '/apis/voteapp.dev/v1alpha1')) as { resources: { name: string }[] };
    expect(resources.find(({ name }) => name === 'votingapps')).toMatchObject({
      shortNames: ['vapp'],
      categories: ['voting'],
      singularName: 'votingapp',
    });
  });
});

const NOTHING = 'nothing';

/** What the server says against a request. */
async function refusalOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    if (error instanceof KubeError && [400, 422].includes(error.code)) return error.message;
    throw error;
  }
  return NOTHING;
}

/** The fields that a refusal names, each once. */
function blamed(refusal: string): string[] {
  const problem =
    /(\w[\w.[\]-]*): (?:(?:Invalid|Required|Unsupported|Duplicate) value|Too (?:long|many))|unknown field "([^"]+)"/g;
  return [...new Set([...refusal.matchAll(problem)].map(([, field, unknown]) => field ?? unknown ?? ''))];
}

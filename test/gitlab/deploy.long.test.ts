import { readFile, writeFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

import { makePackage, pack } from '../../scripts/package.ts';
import { serviceImages } from '../cluster/shared.ts';
import { FIRST_START_MS, installWithImages, knownNode, restrictedNamespace } from '../operator/nodes/cluster.ts';
import { Poll } from '../operator/nodes/poll.ts';
import { PIPELINE, ROLE } from './guide.ts';
import { Project } from './project.ts';
import { pushedImages } from './pushed-images.ts';

const REPOSITORY = 'local-registry.gitlab.example.com/acme/polls/vote';
/** Loaded before the program: every vote is answered as by one whose queue is gone. */
const REFUSING = `import http from 'node:http';
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== 'request' || request.method !== 'POST') return emit.apply(this, arguments);
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '0' });
  return response.end('{"error":{"code":"queue_unavailable","message":"The queue does not answer."}}');
};`;

// What a part asks for by itself suits a node with more than two CPUs.
const MODEST = { resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '1Gi' } } };

function votingApp(title: string): string {
  return stringify({
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name: 'lunch' },
    spec: {
      poll: { title, options: [{ id: 'pizza' }, { id: 'salad' }] },
      vote: { replicas: 2, ...MODEST },
      worker: MODEST,
      front: { replicas: 1, ...MODEST },
      database: { type: 'Managed', managed: MODEST },
      queue: { type: 'RabbitMQ', rabbitmq: MODEST },
    },
  });
}

/** What plays buildah: it pushes the image whose digest lies in a file. */
function builder(digest: string, log: string): string {
  return `#!/bin/sh
echo "$*" >> '${log}'
if [ "$1" = push ]; then cp '${digest}' "$3"; fi
`;
}

const cluster = await knownNode();

/** A kubeconfig by which somebody in the namespace has the rights of the documentation alone. */
async function deployer(namespace: string, context: string): Promise<string> {
  const { client, kubeconfig } = cluster!;
  const [user, role] = ['deployer', ROLE.metadata.name];
  await client.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: user } });
  await client.apply({ ...ROLE, metadata: { ...ROLE.metadata, namespace } });
  await client.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace, name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    subjects: [{ kind: 'ServiceAccount', namespace, name: user }],
  });
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${user}/token`;
  const { status } = (await client.raw('POST', path, asked)) as { status: { token: string } };
  const { clusters } = parse(await readFile(kubeconfig, 'utf8')) as { clusters: readonly [{ name: string }] };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters,
    users: [{ name: user, user: { token: status.token } }],
    contexts: [{ name: context, context: { cluster: clusters[0].name, user } }],
  });
}

const isMissing = cluster === null || process.env['VOTEAPP_TEST_RSYNC'] === undefined;

describe.skipIf(isMissing)('a pipeline with the deployment template', { timeout: FIRST_START_MS }, () => {
  let project: Project;
  let poll: Poll;
  let digests: Readonly<Record<'sound' | 'refusing', string>>;

  beforeAll(async () => {
    await installWithImages(cluster!);
    const namespace = await restrictedNamespace(cluster!);
    poll = new Poll(cluster!.client, namespace, 'lunch');
    project = await Project.create({ 'votingapp.yaml': votingApp('Lunch?'), Dockerfile: 'FROM voteapp-vote:0.1.0\n' });
    if (cluster!.kubectl !== undefined) await project.link('kubectl', cluster!.kubectl);

    const { vote } = await serviceImages();
    const refusing = { NODE_OPTIONS: `--import=data:text/javascript;base64,${btoa(REFUSING)}` };
    const pushed = await pushedImages(vote, REPOSITORY, { sound: {}, refusing }, project.path('.'));
    ({ digests } = pushed);
    await cluster!.loadImage(pushed.archive);

    await project.play('buildah', builder(project.path('digest'), project.path('buildah.log')));
    await makePackage(project.path('cli'));
    const { path: cli } = await pack(project.path('cli'), project.path('.'));
    const [{ local, inputs }] = PIPELINE.include as [(typeof PIPELINE.include)[number]];
    await project.useCluster(await deployer(namespace, inputs['context']!));
    const include = [{ local, inputs: { ...inputs, namespace, cli, component: 'vote' } }];
    await project.commit({ '.gitlab-ci.yml': stringify({ include }) });
  }, FIRST_START_MS);
  afterAll(async () => {
    await cluster?.leave();
    await project?.remove();
  });

  async function counted(): Promise<number> {
    return (JSON.parse(await poll.askService('front', '/api/results')) as { counted: number }).counted;
  }

  async function image(): Promise<unknown> {
    const { spec } = (await poll.client.get(poll.ref))!;
    return (spec as { vote: { image: string } }).vote.image;
  }

  test('builds an image, tells what changes, deploys by digest, votes, and counts', async () => {
    await writeFile(project.path('digest'), digests.sound);
    const { code, said } = await project.gitlab();
    expect(code, said).toBe(0);
    const wanted = `${REPOSITORY}@${digests.sound}`;
    const changes = await project.read('.voteapp/staging/changes.diff');
    expect(changes).toMatch(/^\+kind: VotingApp$/m);
    expect(changes).toMatch(/^\+kind: StatefulSet$/m);
    expect(changes).toContain(`image: ${wanted}`);
    expect(said).toContain('The vote is accepted.');
    expect(said).toContain('1 vote counted of 1 cast.');
    expect(await image()).toBe(wanted);
    expect(await counted()).toBe(1);
  });

  test('fails when the smoke vote does, and leaves the former version serving', async () => {
    await writeFile(project.path('digest'), digests.refusing);
    await project.commit({ 'votingapp.yaml': votingApp('Dinner?') });
    const { code, said } = await project.gitlab();
    expect(code).not.toBe(0);
    expect(said).toContain('It is not known whether the vote is stored.');
    expect(said).toContain('The deployment failed, and the former version serves.');
    const changes = await project.read('.voteapp/staging/changes.diff');
    expect(changes).toMatch(/^- +title: Lunch\?$/m);
    expect(changes).toMatch(/^\+ +title: Dinner\?$/m);
    // Of the objects, what the edit changes, and nothing that only a cluster knows.
    expect(changes.split('What the operator makes of it:')[1]).not.toMatch(/^[-+] +uid:/m);
    expect(await image()).toBe(`${REPOSITORY}@${digests.sound}`);
    const { title } = JSON.parse(await poll.askService('vote', '/api/poll')) as { title: string };
    expect(title).toBe('Lunch?');
    const answer = JSON.parse(await poll.askService('vote', '/api/vote', { option: 'salad' })) as { status: string };
    expect(answer.status).toBe('accepted');
    await expect.poll(counted).toBe(2);
  });

  test('takes back nothing that a producer has done on air', async () => {
    await poll.edit({ poll: { title: 'Late lunch?' } });
    await project.commit({ 'votingapp.yaml': votingApp('Supper?') });
    const { code, said } = await project.gitlab();
    expect(code).not.toBe(0);
    expect(said).toContain('.spec.poll.title');
    expect((await poll.client.get(poll.ref))!.spec).toMatchObject({ poll: { title: 'Late lunch?' } });
  });

  test('stops the poll', async () => {
    const { code, said } = await project.gitlab('voteapp:stop:staging');
    expect(code, said).toBe(0);
    expect(await poll.client.get(poll.ref)).toBe(null);
  });
});

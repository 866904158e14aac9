import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { KubeConfig } from '@kubernetes/client-node';
import { ApiServer } from '@voteapp/operator/runtime/api-server';
import { Objects } from '@voteapp/operator/runtime/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Cluster } from '../cluster/cluster.ts';
import type { StoredApp } from '../cluster/voting-apps.ts';
import { Collector } from './collect.ts';
import { filesOf } from './report.ts';

const POD = {
  metadata: { name: 'lunch-vote-server-1', namespace: 'shop' },
  spec: { containers: [{ name: 'vote' }], initContainers: [{ name: 'wait' }] },
  status: { containerStatuses: [{ name: 'vote', restartCount: 2 }] },
};
const SECRET = { metadata: { name: 'lunch-voteapp-secret' }, data: { mysql_password: 'aHVudGVyMjAwMA==' } };
const EVENT = { metadata: { name: 'e1' }, regarding: { name: 'lunch-vote-server-1' }, note: 'Back-off' };
const OTHER_EVENT = { metadata: { name: 'e2' }, regarding: { name: 'dinner' } };

/** An API server with one pod that has logs, and no right to look at Deployments. */
function answer(url: URL): { code: number; body: unknown } {
  const { pathname, searchParams } = url;
  if (pathname.endsWith('/log')) {
    if (searchParams.get('container') === 'wait') return { code: 400, body: { message: 'container is waiting' } };
    const previous = searchParams.get('previous') === 'true' ? 'previous ' : '';
    return { code: 200, body: `${previous}line with hunter2000\n` };
  }
  if (pathname.endsWith('/deployments')) return { code: 403, body: { message: 'deployments is forbidden' } };
  if (pathname.endsWith('/podmonitors'))
    return { code: 404, body: { message: 'could not find the requested resource' } };
  const items =
    { pods: [POD], secrets: [SECRET], events: [EVENT, OTHER_EVENT] }[pathname.split('/').at(-1) ?? ''] ?? [];
  return { code: 200, body: { metadata: { resourceVersion: '1' }, items } };
}

let server: Server;
let cluster: Cluster;
beforeEach(async () => {
  server = createServer(({ url = '' }, response) => {
    const { code, body } = answer(new URL(url, 'http://api'));
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    response.writeHead(code, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'fake', server: url, skipTLSVerify: true }, { name: 'somebody' });
  const api = new ApiServer({ config, userAgent: 'test' });
  cluster = { config, server: api, objects: new Objects(api), namespace: 'shop', context: 'fake', url };
});
afterEach(async () => {
  await cluster.server.close();
  server.close();
});

test('what may be read is, what may not is told, and a Secret’s value is in no log', async () => {
  const collector = new Collector(cluster, new AbortController().signal);
  const app = { apiVersion: 'v1', kind: 'VotingApp', metadata: { name: 'lunch', namespace: 'shop' }, spec: {} };
  await collector.app(app as unknown as StoredApp);
  await collector.operators();
  const { collection } = collector;
  expect(collection.missing).toEqual([
    'deployments in shop: deployments is forbidden',
    'log of lunch-vote-server-1/wait: container is waiting',
    'operators: deployments is forbidden',
  ]);
  const files = Object.fromEntries(
    filesOf(collection, 'r', 'What is in it.').map(({ path, content }) => [path, content]),
  );
  const folder = 'r/voting-apps/shop/lunch';
  expect(Object.keys(files)).toEqual([
    'r/README.txt',
    `${folder}/votingapp.yaml`,
    `${folder}/secret-lunch-voteapp-secret.yaml`,
    `${folder}/pod-lunch-vote-server-1.yaml`,
    `${folder}/logs/lunch-vote-server-1/vote.log`,
    `${folder}/logs/lunch-vote-server-1/vote.previous.log`,
    `${folder}/events/e1.yaml`,
    'r/missing.txt',
  ]);
  expect(files[`${folder}/logs/lunch-vote-server-1/vote.log`]).toBe('line with <redacted>\n');
  expect(files[`${folder}/logs/lunch-vote-server-1/vote.previous.log`]).toBe('previous line with <redacted>\n');
});

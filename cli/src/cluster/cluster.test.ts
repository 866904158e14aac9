import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { EXIT } from '../exit-codes.ts';
import { withCluster } from './cluster.ts';

let folder: string;
let server: Server;
let address: string;
let asked: IncomingMessage[];
let answer: (request: IncomingMessage) => { code: number; body: unknown } | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-kubeconfig-'));
  asked = [];
  answer = () => ({ code: 200, body: { major: '1', minor: '34' } });
  server = createServer((request, response) => {
    asked.push(request);
    const told = answer(request);
    if (told === null) return;
    response.writeHead(told.code, { 'content-type': 'application/json' }).end(JSON.stringify(told.body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('KUBECONFIG', '');
  vi.stubEnv('HOME', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await rm(folder, { recursive: true, force: true });
});

interface Contents {
  readonly contexts?: readonly { readonly name: string; readonly cluster: string; readonly namespace?: string }[];
  readonly current?: string | null;
  readonly server?: string;
  readonly user?: object;
}

async function written(name: string, contents: Contents | string): Promise<string> {
  const path = join(folder, name);
  if (typeof contents === 'string') {
    await writeFile(path, contents);
    return path;
  }
  const { contexts = [{ name: 'here', cluster: 'here' }], current = 'here', user = { token: 'secret' } } = contents;
  const config = {
    clusters: [{ name: 'here', cluster: { server: contents.server ?? address, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user }],
    contexts: contexts.map(({ name, ...context }) => ({ name, context: { ...context, user: 'me' } })),
    ...(current !== null && { 'current-context': current }),
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

interface Chosen {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  readonly requestTimeout?: number;
}

async function seen(options: Chosen = {}, signal?: AbortSignal) {
  return await withCluster(
    { requestTimeout: 5_000, ...options },
    async ({ server, namespace, context, url }) => {
      await server.request({ method: 'GET', path: '/version' });
      return { namespace, context, url };
    },
    signal,
  );
}

describe('which cluster', () => {
  test('is that of the file, its current context and its namespace', async () => {
    const contexts = [{ name: 'here', cluster: 'here', namespace: 'shop' }];
    const kubeconfig = await written('one', { contexts });
    expect(await seen({ kubeconfig })).toEqual({ namespace: 'shop', context: 'here', url: address });
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer secret' });
    expect(asked[0]?.headers['user-agent']).toMatch(/^voteapp\//);
  });

  test('can be chosen by context and namespace', async () => {
    const contexts = [
      { name: 'here', cluster: 'nowhere' },
      { name: 'there', cluster: 'here' },
    ];
    const kubeconfig = await written('two', { contexts });
    expect(await seen({ kubeconfig, context: 'there', namespace: 'news' })).toMatchObject({
      namespace: 'news',
      context: 'there',
    });
  });

  test('is default where the context names no namespace', async () => {
    expect(await seen({ kubeconfig: await written('one', {}) })).toMatchObject({ namespace: 'default' });
  });

  test('is that of ~/.kube/config where nothing else is said', async () => {
    await mkdir(join(folder, '.kube'));
    await written('.kube/config', {});
    expect(await seen()).toMatchObject({ context: 'here' });
  });

  test('of several files is what the first of them says; one that is not there is left out', async () => {
    const first = await written('first', { contexts: [{ name: 'first', cluster: 'here' }], current: 'first' });
    const second = await written('second', {
      contexts: [{ name: 'second', cluster: 'here' }],
      current: 'second',
      server: 'http://127.0.0.1:1',
    });
    vi.stubEnv('KUBECONFIG', [join(folder, 'none'), first, second].join(':'));
    expect(await seen()).toMatchObject({ context: 'first', url: address });
    expect(await seen({ context: 'second' })).toMatchObject({ context: 'second', url: address });
  });

  const refused: Record<
    string,
    { readonly file?: Contents | string; readonly options?: Chosen; readonly says: string }
  > = {
    'there is none at all': { says: 'There is no cluster: set KUBECONFIG' },
    'the file is not there': {
      options: { kubeconfig: '/nowhere/config' },
      says: 'The kubeconfig /nowhere/config cannot be read',
    },
    'the file is empty': { file: '', says: 'cannot be read: ' },
    'the file says nothing': { file: 'null', says: 'cannot be read: it is no kubeconfig.' },
    'the file is something else': { file: 'hello', says: 'There is no cluster: set KUBECONFIG' },
    'the file is no YAML': { file: 'a: [1\nb: }', says: 'cannot be read: ' },
    'a cluster of it lacks its server': {
      file: '{"clusters": [{"name": "a"}]}',
      says: 'clusters[0].cluster is missing',
    },
    'it has no such context': {
      file: {},
      options: { context: 'kind' },
      says: 'There is no context kind in the kubeconfig; it has here.',
    },
    'it has no current context': {
      file: { current: null },
      says: 'no current context: choose one of here with --context.',
    },
    'the context leads nowhere': {
      file: { contexts: [{ name: 'here', cluster: 'gone' }] },
      says: 'Context here leads to no cluster of the kubeconfig',
    },
    'the server is no address': {
      file: { server: 'nonsense' },
      says: 'Context here leads to nonsense, which is no address.',
    },
  };
  test.each(Object.entries(refused))('is not known when %s', async (_, { file, options = {}, says }) => {
    const kubeconfig = file === undefined ? options.kubeconfig : await written('bad', file);
    const failed = seen({ ...options, ...(kubeconfig !== undefined && { kubeconfig }) });
    await expect(failed).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(says) as string,
    });
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('\n') as string });
  });
});

describe('the user', () => {
  test('acts as another one where that is asked for', async () => {
    await seen({ kubeconfig: await written('one', {}), as: 'tenant' });
    expect(asked[0]?.headers).toMatchObject({ 'impersonate-user': 'tenant', authorization: 'Bearer secret' });
  });

  async function program(text: string): Promise<object> {
    const path = join(folder, 'login');
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
    return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: path } };
  }

  test('logs in by the program of the kubeconfig', async () => {
    const credential = { kind: 'ExecCredential', status: { token: 'fresh' } };
    const user = await program(`echo '${JSON.stringify(credential)}'`);
    await seen({ kubeconfig: await written('exec', { user }) });
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer fresh' });
  });

  test('hears what his login program said last', async () => {
    const user = await program('echo starting >&2; echo "token expired: run cloud login" >&2; exit 3');
    await expect(seen({ kubeconfig: await written('exec', { user }) })).rejects.toMatchObject({
      exitCode: EXIT.forbidden,
      message: `There is no login for context here: ${join(folder, 'login')} failed: token expired: run cloud login.`,
    });
    expect(asked).toEqual([]);
  });

  test('hears that his login program is missing', async () => {
    const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-login' } };
    await expect(seen({ kubeconfig: await written('exec', { user }) })).rejects.toMatchObject({
      exitCode: EXIT.forbidden,
      message: expect.stringContaining('no-such-login, which the kubeconfig names, cannot be run (ENOENT)') as string,
    });
  });

  test('hears which of his certificates cannot be read', async () => {
    const user = { 'client-certificate': 'gone.crt', 'client-key': 'gone.key' };
    await expect(seen({ kubeconfig: await written('files', { user }) })).rejects.toMatchObject({
      exitCode: EXIT.forbidden,
      message: expect.stringMatching(/gone\.(crt|key) cannot be read \(ENOENT\)/) as string,
    });
  });
});

describe('the server', () => {
  test('is named when nobody listens', async () => {
    await expect(seen({ kubeconfig: await written('off', { server: 'http://127.0.0.1:1' }) })).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message:
        'The API server of context here (http://127.0.0.1:1) cannot be reached: connect ECONNREFUSED 127.0.0.1:1.',
    });
  });

  test('is not waited for beyond the time that a request may take', async () => {
    answer = () => null;
    await expect(seen({ kubeconfig: await written('slow', {}), requestTimeout: 50 })).rejects.toMatchObject({
      exitCode: EXIT.timeout,
      message: expect.stringContaining('did not answer in time; --request-timeout gives it longer.') as string,
    });
  });

  test('is left at once when the signal aborts, for the reason of the signal', async () => {
    const interrupted = new AbortController();
    answer = () => {
      interrupted.abort(new Error('Interrupted.'));
      return null;
    };
    await expect(seen({ kubeconfig: await written('one', {}) }, interrupted.signal)).rejects.toThrow('Interrupted.');
  });
});

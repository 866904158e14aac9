import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { KubeClient, KubeError, type KubeObject } from './client.ts';
import { follow, followEach, type Seen } from './follow.ts';
import { writePlainKubeconfig } from './plain-kubeconfig.ts';

const KIND = { apiVersion: 'v1', kind: 'ConfigMap' };
const NAMES = (seen: Seen) => [...seen.keys()].join(' ');

/** An API server that gives its answers one after another, to lists and watches alike; the last one for ever. */
interface Script {
  readonly client: KubeClient;
  readonly sockets: () => number;
  readonly asked: string[];
  play(...answers: ((response: ServerResponse) => void)[]): void;
  stop(): Promise<void>;
}

const DISCOVERY = {
  resources: [{ kind: 'ConfigMap', name: 'configmaps', namespaced: true, verbs: ['list', 'delete'] }],
};

async function startScript(): Promise<Script> {
  let answers: ((response: ServerResponse) => void)[] = [];
  let sockets = 0;
  const asked: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-follow-'));
  const server = createServer((request: IncomingMessage, response) => {
    if (request.url === '/api/v1') return void response.end(JSON.stringify(DISCOVERY));
    asked.push(request.url?.includes('watch=true') === true ? 'watch' : 'list');
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(response);
  });
  server.on('connection', () => (sockets += 1));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, 'kubeconfig');
  await writePlainKubeconfig(kubeconfig, port);
  const client = new KubeClient(kubeconfig);
  return {
    client,
    sockets: () => sockets,
    asked,
    play: (...next) => (answers = next),
    async stop() {
      await client.close();
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

function object(name: string): KubeObject {
  return { ...KIND, metadata: { name, namespace: 'n' } };
}

/** A list of objects by these names. */
const list =
  (...names: string[]) =>
  (response: ServerResponse) =>
    void response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: names.map(object) }));

/** A stream that tells these changes and then ends as it is told to. */
const stream =
  (changes: readonly (readonly [type: string, object: unknown])[], end: 'open' | 'closed' | 'reset' = 'closed') =>
  (response: ServerResponse) => {
    for (const [type, object] of changes) response.write(`${JSON.stringify({ type, object })}\n`);
    if (end === 'closed') response.end();
    // In a moment: what was written must have left.
    if (end === 'reset') setImmediate(() => response.socket?.resetAndDestroy());
  };

const refusal = (code: number) => (response: ServerResponse) =>
  void response.writeHead(code).end(JSON.stringify({ message: 'the server says no', reason: 'No' }));

let script: Script;
beforeEach(async () => {
  script = await startScript();
});
afterEach(() => script.stop());

/** What was seen at each call until it is `last`. */
async function seenUntil(last: string): Promise<string[]> {
  const states: string[] = [];
  const done = new AbortController();
  const changed = (seen: Seen) => {
    states.push(NAMES(seen));
    if (states.at(-1) === last) done.abort();
  };
  await follow(script.client, KIND, {}, changed, done.signal);
  return states;
}

describe('objects are followed', () => {
  test.for([
    [
      'through changes and removals',
      [
        stream([
          ['ADDED', object('b')],
          ['DELETED', object('a')],
          ['ADDED', object('z')],
        ]),
      ],
      ['n/a', 'n/a n/b', 'n/b', 'n/b n/z'],
    ],
    [
      'past bookmarks',
      [
        stream([
          ['BOOKMARK', object('b')],
          ['ADDED', object('z')],
        ]),
      ],
      ['n/a', 'n/a n/z'],
    ],
    ['past the end of a stream', [stream([]), list('z')], ['n/a', 'n/z']],
    [
      'past a reset in the middle of a stream',
      [stream([['ADDED', object('b')]], 'reset'), list('z')],
      ['n/a', 'n/a n/b', 'n/z'],
    ],
    ['past a version that the server has forgotten', [stream([['ERROR', { code: 410 }]]), list('z')], ['n/a', 'n/z']],
    ['past a watch that is refused as too old', [refusal(410), list('z')], ['n/a', 'n/z']],
    ['past a server that has too much to do', [refusal(429), refusal(503), list('z')], ['n/a', 'n/z']],
  ] as const)('%s', async ([, answers, states]) => {
    script.play(list('a'), ...answers);
    expect(await seenUntil(states.at(-1)!)).toEqual(states);
  });

  test('with characters that arrive in pieces', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: object('é') })}\n`);
    const half = bytes.indexOf('é') + 1;
    script.play(list(), (response) => {
      response.write(bytes.subarray(0, half));
      setImmediate(() => response.write(bytes.subarray(half)));
    });
    expect(await seenUntil('n/é')).toEqual(['', 'n/é']);
  });
});

test('a hundred requests share two sockets at most', async () => {
  script.play(list('a'));
  for (let n = 0; n < 100; n += 1) await script.client.list(KIND);
  expect(script.sockets()).toBeLessThanOrEqual(2);
});

describe('following ends', () => {
  test('with what a list is refused with', async () => {
    script.play(refusal(403));
    await expect(seenUntil('-')).rejects.toMatchObject({ code: 403, message: 'the server says no' });
    expect(script.asked).toEqual(['list']);
  });

  test('with what the callback throws, be it like an error of the network', async () => {
    script.play(list('a'));
    const thrown = Object.assign(new Error('an assertion'), { code: 'ERR_ASSERTION' });
    const changed = () => {
      throw thrown;
    };
    await expect(follow(script.client, KIND, {}, changed, new AbortController().signal)).rejects.toBe(thrown);
  });

  test('at the signal, in the middle of a stream', async () => {
    script.play(list('a'), stream([], 'open'));
    const done = new AbortController();
    const followed = follow(script.client, KIND, {}, () => void setImmediate(() => done.abort()), done.signal);
    await expect(followed).resolves.toBeUndefined();
  });
});

describe('each object is handled', () => {
  /** The names that were handled, where the tries end so one after another. */
  async function handledWith(...endings: readonly (Error | null)[]): Promise<string[]> {
    const handled: string[] = [];
    const done = new AbortController();
    const handle = async ({ metadata }: KubeObject) => {
      const ending = endings[handled.length];
      handled.push(metadata.name);
      if (handled.length === endings.length) done.abort();
      if (ending instanceof Error) throw ending;
    };
    await followEach(script.client, KIND, {}, handle, done.signal);
    return handled;
  }
  const error = (code: number) => new KubeError({ code, reason: '', message: 'no', request: '' });

  test('again after a failure that passes', async () => {
    script.play(list('a', 'b'));
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    expect(await handledWith(reset, error(503), null, null)).toEqual(['a', 'a', 'a', 'b']);
  });

  test('no more once it is another or gone', async () => {
    script.play(list('a', 'b', 'c'));
    expect(await handledWith(error(409), error(404), null)).toEqual(['a', 'b', 'c']);
  });

  test('not when it has ended', async () => {
    script.play(
      list('a'),
      stream(
        [
          ['DELETED', object('a')],
          ['ADDED', object('b')],
        ],
        'open',
      ),
    );
    expect(await handledWith(null, null)).toEqual(['a', 'b']);
  });

  test('until a failure that stays, which is thrown', async () => {
    script.play(list('a'));
    await expect(handledWith(error(403), null)).rejects.toMatchObject({ code: 403 });
  });
});

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { votesOnly } from '../testing/memory-queue.ts';
import { type RunningService, runService } from '../testing/run-service.ts';
import { PlainConnection } from './plain-connection.ts';

let running: RunningService;
beforeAll(async () => {
  running = await runService();
});
afterAll(() => running.stop());

const post = (body: string, more: readonly string[] = [], path = '/api/vote') =>
  [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...more,
    '',
    body,
  ].join('\r\n');
const ballot = (voter: string, option = 'coca') => JSON.stringify({ option, voter });
/** Node's server answers what is not plain. */
const TWICE = ['x-a: 1', 'x-a: 2'];

/** The votes that come to Node's server from now on. */
function votesByNode(): IncomingMessage[] {
  const requests: IncomingMessage[] = [];
  const note = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage };
    if (request.method === 'POST') requests.push(request);
  };
  subscribe('http.server.request.start', note);
  onTestFinished(() => void unsubscribe('http.server.request.start', note));
  return requests;
}

/** A connection that collects what it is answered. */
class Client {
  readonly socket: Socket;
  text = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setEncoding('utf8');
    this.socket.on('data', (text: string) => (this.text += text));
    this.socket.on('error', () => undefined);
    onTestFinished(() => void this.socket.destroy());
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Heads and bodies of so many answers. */
  async answers(count: number): Promise<{ status: number; headers: Record<string, string>; body: string }[]> {
    const answers: { status: number; headers: Record<string, string>; body: string }[] = [];
    await vi.waitFor(() => {
      answers.length = 0;
      for (let rest = this.text; rest.includes('\r\n\r\n');) {
        const end = rest.indexOf('\r\n\r\n');
        const [first = '', ...fields] = rest.slice(0, end).split('\r\n');
        const headers = Object.fromEntries(fields.map((field) => field.toLowerCase().split(': ', 2))) as Record<
          string,
          string
        >;
        const body = Buffer.from(rest.slice(end + 4))
          .subarray(0, Number(headers['content-length']))
          .toString();
        answers.push({ status: Number(first.split(' ')[1]), headers, body });
        rest = rest.slice(end + 4 + body.length);
      }
      expect(answers).toHaveLength(count);
    }, 30_000);
    return answers;
  }
}

/** Votes in the queue. */
function stored({ queue }: RunningService): number {
  return queue.batches.reduce((sum, { votes }) => sum + votes.length, 0);
}

it.each<[string, string, string[]]>([
  ['an accepted vote', ballot('ann'), []],
  ['an unknown option', ballot('ann', 'fanta'), []],
  ['malformed JSON', '{', []],
  ['a vote by a new cookie', '{"option":"coca"}', []],
  ['a cookie that is not ours', '{"option":"coca"}', ['cookie: userID=me']],
  ['another site', ballot('ann'), ['origin: https://evil.org']],
  ['another content type', ballot('ann'), ['accept: */*', 'content-encoding: gzip']],
])('answers as Node’s server does: %s', async (_, body, more) => {
  const byNode = votesByNode();
  const client = new Client(running.port);
  const [own] = await client.send(post(body, more)).answers(1);
  expect(byNode).toHaveLength(0);
  const [, nodes] = await client.send(post(body, [...more, ...TWICE])).answers(2);
  // Each has its own time, its own place, and its own new voter.
  const shape = (answer: typeof own) => ({
    status: answer?.status,
    headers: {
      ...answer?.headers,
      date: '',
      'set-cookie': answer?.headers['set-cookie']?.replace(/=[\w.-]+/, ''),
      'content-length': '',
    },
    body: answer?.body.replace(/"seq":\d+|"id":"[^"]+"/g, ''),
  });
  expect(byNode).toHaveLength(1);
  expect(own?.headers['content-length']).toBe(String(Buffer.byteLength(own?.body ?? '')));
  expect(shape(own)).toEqual(shape(nodes));
});

describe('a connection', () => {
  it('is served on after a request that is not plain, and after one for something else', async () => {
    const client = new Client(running.port);
    for (const [index, text] of [
      post(ballot('a')),
      post(ballot('b')),
      'GET /api/poll HTTP/1.1\r\nhost: localhost\r\n\r\n',
      post(ballot('c')),
      post(ballot('d'), TWICE),
    ].entries()) {
      const answers = await client.send(text).answers(index + 1);
      expect(answers.at(-1)?.status).toBe(index === 2 ? 200 : 202);
    }
  });

  it('gets the same answer however its request is cut in two', async () => {
    const text = post(ballot('ann'));
    const before = stored(running);
    const cuts = Array.from({ length: text.length - 1 }, (_, index) => index + 1);
    await Promise.all(
      cuts.map(async (cut) => {
        const client = new Client(running.port);
        client.socket.setNoDelay(true);
        client.send(text.slice(0, cut));
        await new Promise((resolve) => setImmediate(resolve));
        const [answer] = await client.send(text.slice(cut)).answers(1);
        expect(answer?.status).toBe(202);
      }),
    );
    expect(stored(running) - before).toBe(cuts.length);
  });

  it('gets its answers in order where requests do not wait for them', async () => {
    const bodies = Array.from({ length: 9 }, (_, index) => ballot(`v${index}`, index % 3 === 0 ? 'fanta' : 'coca'));
    const expected = bodies.map((body) => (body.includes('fanta') ? 400 : 202));
    const together = await new Client(running.port).send(bodies.map((body) => post(body)).join('')).answers(9);
    expect(together.map(({ status }) => status)).toEqual(expected);
    const client = new Client(running.port);
    for (const body of bodies) {
      client.send(post(body));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.answers(9)).map(({ status }) => status)).toEqual(expected);
  });

  it('that is asked to close ends after its answer', async () => {
    const client = new Client(running.port).send(post(ballot('ann'), ['connection: close']));
    await once(client.socket, 'close');
    expect((await client.answers(1))[0]).toMatchObject({ status: 202, headers: { connection: 'close' } });
  });

  it('whose client sends no more ends after its answer', async () => {
    const client = new Client(running.port);
    client.socket.end(post(ballot('ann')));
    await once(client.socket, 'close');
    expect((await client.answers(1))[0]).toMatchObject({ status: 202 });
  });
});

describe('a connection of a replica of its own', () => {
  async function waiting() {
    const own = await runService();
    onTestFinished(() => own.stop());
    own.queue.fate = votesOnly('hold');
    const client = new Client(own.port).send(post(ballot('ann')));
    await vi.waitFor(() => expect(own.queue.sent.some(({ headers }) => headers.votes === 1)).toBe(true), 30_000);
    return { ...own, client };
  }

  it('gets the answers to what it sends while its vote waits, too', async () => {
    const { client, queue } = await waiting();
    for (const more of [[], TWICE, []]) {
      client.send(post(ballot('bob', 'fanta'), more));
      await new Promise((resolve) => setImmediate(resolve));
    }
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    expect((await client.answers(4)).map(({ status }) => status)).toEqual([202, 400, 400, 400]);
  });

  it('may break while its vote waits: the vote is stored', async () => {
    const { client, queue, port } = await waiting();
    client.socket.resetAndDestroy();
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    const [next] = await new Client(port).send(post(ballot('bob'))).answers(1);
    expect(next?.status).toBe(202);
    expect(queue.batches.flatMap(({ votes }) => votes)).toHaveLength(2);
  });

  it('hears no more than its answer once the replica stops', async () => {
    const { client, queue, service, port } = await waiting();
    const idle = new Client(port).send(post('{'));
    await idle.answers(1);
    const closed = Promise.all([once(idle.socket, 'close'), once(client.socket, 'close')]);
    const stopped = service.stop();
    await once(idle.socket, 'close');
    queue.fate = () => 'confirm';
    queue.confirmHeld();
    await Promise.all([closed, stopped]);
    expect((await client.answers(1))[0]).toMatchObject({ status: 202, headers: { connection: 'close' } });
  });
});

it('a connection without a request is closed after a while', async () => {
  const kept: PlainConnection[] = [];
  const server = createServer((socket) => {
    kept.push(new PlainConnection(socket, { keepAliveMs: 20, take: () => true, handOver: () => undefined }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    for (const { socket } of kept) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Nobody answers this one.
  const busy = new Client(port).send(post(ballot('ann')));
  await vi.waitFor(() => expect(kept[0]?.headers.host).toBe('localhost'), 30_000);
  await once(new Client(port).socket, 'close');
  expect(busy.socket.closed).toBe(false);
});

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

import { problemsOf, sentence } from '@voteapp/contracts/problems';
import type { Logger } from '@voteapp/kit/log';
import { closeServer, createHttpServer, listen } from '@voteapp/kit/server';

import type { PollEdit } from '../poll/poll.ts';
import type { AskedPoll, ControlAnswer } from './control-answer.ts';
import { pollEdit } from './on-air.ts';
import { EditRefused } from './poll-source.ts';
import type { RunFile } from './run-file.ts';

const SECRET_BYTES = 32;
const LONGEST_BODY = 4_096;
const GRACE_MS = 1_000;

/** The poll behind the door: as it was asked for last, and how it is changed; an edit resolves with its revision. */
interface Controlled {
  asked(): Promise<AskedPoll>;
  edit(change: PollEdit): Promise<number>;
}

/** The door by which the user's other programs change the poll. */
export interface Control {
  readonly address: RunFile['control'];
  stop(): Promise<void>;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The body as JSON. Throws a SyntaxError where it is none, or longer than any edit. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (!(length <= LONGEST_BODY)) throw new SyntaxError('It must say a length that an edit can have');
  return await json(request);
}

function send(response: ServerResponse, status: number, body: ControlAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/**
 * Opens it, on this machine alone. Every request needs the secret, which only the user can read: a page of his browser
 * that found the port, by whatever name, has not got it.
 */
export async function openControl(name: string, source: Controlled, log: Logger): Promise<Control> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const expected = digest(`Bearer ${secret}`);

  async function change(request: IncomingMessage): Promise<[number, ControlAnswer]> {
    const parsed = pollEdit.safeParse(await readBody(request));
    if (!parsed.success) return [400, { problems: problemsOf(parsed.error).map(sentence) }];
    return [200, { revision: await source.edit(parsed.data) }];
  }

  async function answer(request: IncomingMessage): Promise<[number, ControlAnswer]> {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      return [401, { problems: ['The secret of run.json is needed'] }];
    }
    if (request.url !== '/poll') return [404, { problems: ['There is nothing but /poll'] }];
    try {
      if (request.method === 'GET') return [200, { name, poll: await source.asked() }];
      if (request.method === 'PATCH') return await change(request);
      return [405, { problems: ['There is nothing but GET and PATCH'] }];
    } catch (error) {
      if (error instanceof EditRefused) return [409, { problems: error.problems }];
      if (error instanceof SyntaxError) return [400, { problems: ['It must be JSON'] }];
      log.error({ err: error }, 'What was asked of the poll failed');
      return [500, { problems: ['It failed; the log says why'] }];
    }
  }

  const server = createHttpServer(
    (request, response) => {
      void answer(request).then(([status, body]) => send(response, status, body));
    },
    { timeoutBody: JSON.stringify({ problems: ['It took too long'] } satisfies ControlAnswer) },
  );
  const port = await listen(server, '127.0.0.1', 0);
  return {
    address: { url: `http://127.0.0.1:${port}/poll`, secret },
    stop: () => closeServer(server, GRACE_MS),
  };
}

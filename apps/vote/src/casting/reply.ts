import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { ERRORS, type RequestError } from '@voteapp/contracts/errors';
import { securityHeaders } from '@voteapp/web/app';

/** How long a client that still sends its body has to read the answer, ms. */
const LINGER_MS = 1_000;

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: OutgoingHttpHeaders;
}

export function json(status: number, body: object): Reply {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

export function text(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body };
}

export function page(status: number, body: string): Reply {
  return { status, type: 'text/html; charset=utf-8', body };
}

/** The error body of the native interface. */
export function refusal(error: RequestError): Reply {
  return json(error.status, error.body());
}

/** True for the statuses of an outage: the caller did nothing wrong and shall come back. */
export function isOutage({ status }: Reply): boolean {
  return status === ERRORS.queue_unavailable.status;
}

export function headersOf({ type, body, headers }: Reply): OutgoingHttpHeaders {
  return {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  };
}

function writeHead(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (reply.type.startsWith('text/html')) securityHeaders(request, response, () => undefined);
  response.writeHead(reply.status, headersOf(reply));
}

export function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  writeHead(request, response, reply);
  response.end(reply.body);
}

/**
 * Answers a request whose body is not read to its end. The connection cannot be used again; cut at once, it could take
 * the answer with it, so the client gets a moment to read.
 */
export function sendUnread(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  response.shouldKeepAlive = false;
  writeHead(request, response, reply);
  response.write(reply.body);
  // The request itself may be complete by then, and closed.
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

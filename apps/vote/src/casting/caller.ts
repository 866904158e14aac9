import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

import { type BodyReader, readBody } from './body.ts';
import { type Reply, send, sendUnread } from './reply.ts';

/** What a request tells beside its body. */
export interface RequestFacts {
  /** As in an IncomingMessage. */
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Whoever sent a vote and waits for the one answer. */
export interface Caller extends RequestFacts {
  /** `isLast`: the connection takes no further request. */
  answer(reply: Reply, isLast: boolean): void;
  /** Ends the connection, without an answer. */
  hangUp(): void;
}

/** A caller by way of Node's server. */
export class HttpCaller implements Caller {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  get socket(): RequestFacts['socket'] {
    return this.#request.socket;
  }

  read(reader: BodyReader): void {
    readBody(this.#request, reader);
  }

  answer(reply: Reply, isLast: boolean): void {
    closeIf(isLast, this.#response);
    if (this.#request.readableEnded) send(this.#request, this.#response, reply);
    else sendUnread(this.#request, this.#response, reply);
  }

  hangUp(): void {
    this.#response.destroy();
  }
}

/** A connection that is kept alive would bring its next request to a server that is gone. */
export function closeIf(isLast: boolean, response: ServerResponse): void {
  if (isLast) response.shouldKeepAlive = false;
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { Caller } from '../casting/caller.ts';
import type { Reply } from '../casting/reply.ts';
import { answerText } from './answer-text.ts';
import { type PlainRequest, readPlainRequest } from './plain-request.ts';

export interface PlainConnectionDeps {
  /** How long it may stay without a request, ms. */
  readonly keepAliveMs: number;
  /** Takes a request, whose caller is then answered once; false: it is not for the lane. */
  readonly take: (request: PlainRequest, caller: Caller) => boolean;
  /** Gives the connection to Node's server, for good, with what has been read of it and not answered. */
  readonly handOver: () => void;
}

/** A connection whose requests have all been plain ones so far; they are answered one after the other. */
export class PlainConnection implements Caller {
  headers: IncomingHttpHeaders = {};
  readonly socket: Socket;
  readonly #deps: PlainConnectionDeps;
  readonly #listeners;
  #isBusy = false;
  #isLast = false;
  /** What came before the answer to what came before it. */
  readonly #early: Buffer[] = [];

  constructor(socket: Socket, deps: PlainConnectionDeps) {
    this.socket = socket;
    this.#deps = deps;
    this.#listeners = {
      data: (bytes: Buffer) => this.#read(bytes),
      end: () => this.#end(),
      timeout: () => this.closeIdle(),
      // The event that follows is `close`.
      error: () => undefined,
    };
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
    socket.setTimeout(deps.keepAliveMs);
  }

  closeIdle(): void {
    if (!this.#isBusy) this.socket.destroy();
  }

  answer(reply: Reply, isLast: boolean): void {
    const { socket } = this;
    if (socket.destroyed) return;
    const closes = isLast || this.#isLast;
    const isSent = socket.write(answerText(reply, closes ? null : this.#deps.keepAliveMs));
    if (closes) {
      socket.destroySoon();
      return;
    }
    this.#isBusy = false;
    const early = this.#early.splice(0);
    if (early.length > 0) this.#read(Buffer.concat(early));
    else if (isSent) socket.resume();
    else socket.pause().once('drain', () => socket.resume());
  }

  hangUp(): void {
    this.socket.destroy();
  }

  #read(bytes: Buffer): void {
    if (this.#isBusy) {
      this.#early.push(bytes);
      this.socket.pause();
      return;
    }
    const request = readPlainRequest(bytes);
    if (request === null) {
      this.#handOver(bytes);
      return;
    }
    this.#isBusy = true;
    this.headers = request.headers;
    this.#isLast = request.isLast;
    if (!this.#deps.take(request, this)) this.#handOver(bytes);
  }

  #end(): void {
    this.#isLast = true;
    if (!this.#isBusy) this.socket.end();
  }

  #handOver(bytes: Buffer): void {
    const { socket } = this;
    for (const [event, listener] of Object.entries(this.#listeners)) socket.off(event, listener);
    socket.setTimeout(0);
    // Until Node's server listens.
    socket.pause().unshift(bytes);
    this.#deps.handOver();
    socket.resume();
  }
}

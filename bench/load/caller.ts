import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { AnswerParser } from './answer-parser.ts';
import type { Load } from './load.ts';
import type { RequestWriter } from './request-writer.ts';

const HOST = '127.0.0.1';
/** What came last on any connection; it is parsed before more can come. */
const RECEIVED = Buffer.alloc(64 * 1024);

/** What becomes of a request: the status of its answer; null: none came. */
export type OnOutcome = (caller: Caller, vote: number, since: number, status: number | null) => void;

/** One connection, or one after the other, with at most one request under way. */
export class Caller {
  readonly #load: Load;
  readonly #writer: RequestWriter;
  readonly #onOutcome: OnOutcome;
  readonly #request: Buffer;
  #socket: Socket | undefined;
  /** −1: none under way. */
  #vote = -1;
  #since = 0;

  constructor(load: Load, writer: RequestWriter, onOutcome: OnOutcome) {
    this.#load = load;
    this.#writer = writer;
    this.#onOutcome = onOutcome;
    this.#request = writer.blank();
  }

  /** Resolves when it is connected, where connections are kept. */
  async open(): Promise<void> {
    if (this.#load.connectionPerVote) return;
    const socket = this.#connect();
    this.#socket = socket;
    const connected = this.#load.authority === null ? 'connect' : 'secureConnect';
    await new Promise<void>((resolve, reject) => {
      socket.once(connected, resolve);
      socket.once('close', () => reject(new Error(`Port ${this.#load.port} takes no connection.`)));
    });
  }

  /** `since`: when it was due or is sent, by `performance.now()`. */
  send(vote: number, since: number): void {
    this.#vote = vote;
    this.#since = since;
    this.#writer.fill(this.#request, vote);
    this.#socket ??= this.#connect();
    // The last request has its answer, so these bytes are nobody's any more.
    this.#socket.write(this.#request);
  }

  /** Ends it; a request under way has no answer then. */
  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const { port, authority } = this.#load;
    const parser = new AnswerParser((status) => this.#settle(socket, status));
    const read = (bytes: Uint8Array): void => {
      try {
        parser.read(bytes);
      } catch (error) {
        socket.destroy(error as Error);
      }
    };
    // Without a stream of buffers for each connection a request costs a fifth less, which is left to those who are measured.
    const onread = {
      buffer: RECEIVED,
      callback(length: number): boolean {
        read(RECEIVED.subarray(0, length));
        return true;
      },
    };
    const socket =
      authority === null
        ? connect({ host: HOST, port, noDelay: true, onread })
        : connectTls({ host: HOST, port, ca: authority }).setNoDelay(true).on('data', read);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#settle(socket, null);
    });
    return socket;
  }

  #settle(socket: Socket, status: number | null): void {
    const vote = this.#vote;
    this.#vote = -1;
    if ((status === null || this.#load.connectionPerVote) && this.#socket === socket) this.#socket = undefined;
    if (vote >= 0) this.#onOutcome(this, vote, this.#since, status);
  }
}

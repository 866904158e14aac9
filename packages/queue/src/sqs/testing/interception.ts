import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** What becomes of a request: `pass` brings it to the server, and `null` ends the connection without an answer. */
export type Fault = (body: Readonly<Record<string, unknown>>, pass: () => Promise<Answer>) => Promise<Answer | null>;

/** An error as SQS tells it. */
export function refusal(status: number, code: string): Answer {
  return {
    status,
    body: { __type: `com.amazonaws.sqs#${code}`, message: `the words of SQS about arn:aws:iam::1:user/eve` },
  };
}

/** Stands in front of a server that speaks as SQS does, and does to its requests and answers what a test wants. */
export class Interception {
  readonly #target: string;
  readonly #server: Server;
  readonly #faults = new Map<string, Fault>();
  readonly #counts = new Map<string, number>();

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(target: string): Promise<Interception> {
    const interception = new Interception(target);
    interception.#server.listen(0, '127.0.0.1');
    await once(interception.#server, 'listening');
    return interception;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on, for this kind of request. */
  set(operation: string, fault: Fault): void {
    this.#faults.set(operation, fault);
  }

  clear(): void {
    this.#faults.clear();
  }

  /** Requests of a kind so far. */
  count(operation: string): number {
    return this.#counts.get(operation) ?? 0;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as Record<string, unknown>;
    const target = String(request.headers['x-amz-target']);
    const operation = target.replace('AmazonSQS.', '');
    this.#counts.set(operation, this.count(operation) + 1);
    const pass = async (): Promise<Answer> => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': target,
        authorization: String(request.headers.authorization),
      };
      const answer = await fetch(this.#target, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as object };
    };
    const answer = await (this.#faults.get(operation) ?? ((_, forward) => forward()))(body, pass);
    if (answer === null) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer.body));
  }
}

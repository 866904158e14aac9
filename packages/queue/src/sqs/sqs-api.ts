import { SQSClient } from '@aws-sdk/client-sqs';

import type { QueueLog } from '../log.ts';
import { QueueUnavailable } from '../port.ts';

/** A first attempt and two more, which the SDK makes after throttling, errors of the server and lost connections. */
const ATTEMPTS = 3;
const CONNECT_LIMIT_MS = 1_000;
const ATTEMPT_LIMIT_MS = 3_000;
/** The attempts together. A producer gives a batch up after 1.5 s and sends it again; none may stay under way for long. */
const CALL_LIMIT_MS = 5_000;
/** Above what all shards together may have under way: a request that waits for a socket is a vote that waits. */
const MAX_SOCKETS = 1_024;

export interface SqsAddress {
  readonly region: string;
  /** Of a server that speaks as SQS does; default: that of AWS in the region. */
  readonly endpoint?: string;
  /** Default: what the SDK finds, as the identity of a pod or of a machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Goes with each request to the SDK. */
export interface RequestOptions {
  readonly abortSignal: AbortSignal;
  /** For each attempt, in ms. */
  readonly requestTimeout: number;
}

export interface CallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** How long the answer itself may be held back by the server, in ms. */
  readonly waitMs?: number;
}

/** The requests to SQS, with the region and a reason in all errors; each outage of a kind of request is logged once. */
export class SqsApi {
  readonly #client: SQSClient;
  readonly #name: string;
  readonly #log: QueueLog;
  readonly #failing = new Set<string>();
  #closed = false;

  constructor({ region, endpoint, credentials }: SqsAddress, log: QueueLog) {
    this.#name = endpoint === undefined ? `SQS in ${region}` : `SQS at ${endpoint}`;
    this.#log = log;
    const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#client = new SQSClient({
      region,
      maxAttempts: ATTEMPTS,
      // A server behind a proxy names queues by an address of its own.
      useQueueUrlAsEndpoint: false,
      requestHandler: {
        connectionTimeout: CONNECT_LIMIT_MS,
        requestTimeout: ATTEMPT_LIMIT_MS,
        throwOnRequestTimeout: true,
        httpAgent: agent,
        httpsAgent: agent,
      },
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials !== undefined && { credentials }),
    });
  }

  /** `operation`: its name for AWS. Rejects with QueueUnavailable, whose `cause` is the SDK's error. */
  async call<T>(
    operation: string,
    request: (client: SQSClient, options: RequestOptions) => Promise<T>,
    { signal, waitMs = 0 }: CallOptions = {},
  ): Promise<T> {
    if (this.#closed) throw new QueueUnavailable('The queue is closed.');
    const limit = AbortSignal.timeout(CALL_LIMIT_MS + waitMs);
    const abortSignal = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    try {
      const result = await request(this.#client, { abortSignal, requestTimeout: ATTEMPT_LIMIT_MS + waitMs });
      if (this.#failing.delete(operation)) this.#log.info({ operation }, 'SQS answers again');
      return result;
    } catch (error) {
      const unavailable = this.unavailable(`${reasonOf(error)} (${operation})`, error);
      if (signal?.aborted !== true && !this.#failing.has(operation)) {
        this.#failing.add(operation);
        this.#log.warn({ operation, error: unavailable.message }, 'A request to SQS failed, it will be tried again');
      }
      throw unavailable;
    }
  }

  unavailable(reason: string, cause?: unknown): QueueUnavailable {
    return new QueueUnavailable(`${this.#name}: ${reason}`, { cause });
  }

  close(): void {
    this.#closed = true;
    this.#client.destroy();
  }
}

/** The name that SQS or the system gives to an error: the messages of AWS name users and accounts. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** What may be logged of it. */
function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'CredentialsProviderError')
    return 'no credentials; set AWS_ACCESS_KEY and AWS_SECRET_KEY, or give the process an identity of its own';
  if (code.startsWith('AccessDenied')) return `${code}; allow it to the user or role of the services`;
  return code === 'AbortError' || code === 'TimeoutError' ? 'no answer in time' : code;
}

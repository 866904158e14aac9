import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';

import { wait as waitByTimer, type Wait } from './backoff.ts';
import { Dispatchers } from './dispatchers.ts';
import { Slots } from './slots.ts';

const REQUEST_LIMIT_MS = 30_000;
// A watch with bookmarks hears from its server about once a minute.
const SILENCE_LIMIT_MS = 90_000;
const IN_FLIGHT = 20;
const MOST_RETRIES = 3;
const LONGEST_RETRY_AFTER_MS = 30_000;
const PAUSE_WITHOUT_ADVICE_MS = 1000;
const APPLY = 'application/apply-patch+yaml';

/** What of a request's fields the API server found wrong. */
export interface Cause {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

/** The API server answered that it did not do what was asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly code: number;
  /** As "AlreadyExists"; empty where the server gave none. */
  readonly reason: string;
  /** How long the server asked to wait before the next try. */
  readonly retryAfterMs: number | null;
  /** As "PATCH /api/v1/nodes/a". */
  readonly request: string;
  readonly causes: readonly Cause[];

  /** `message` is the server's own sentence. */
  constructor(told: {
    readonly code: number;
    readonly reason?: string | undefined;
    readonly message?: string | undefined;
    readonly retryAfterMs?: number | null;
    readonly request: string;
    readonly causes?: readonly Cause[];
  }) {
    super(told.message || `HTTP status ${told.code}`);
    this.code = told.code;
    this.reason = told.reason ?? '';
    this.retryAfterMs = told.retryAfterMs ?? null;
    this.request = told.request;
    this.causes = told.causes ?? [];
  }
}

/** The API server did not answer, or stopped in the middle; whether it did what was asked is not known. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** As "PATCH /api/v1/nodes/a". */
  readonly request: string;

  constructor(request: string, why: string, cause?: unknown) {
    super(`${request} got no answer: ${why}`, { cause });
    this.request = request;
  }
}

/** The error that a `Status` object tells. */
export function errorOfStatus(request: string, status: unknown, code?: number, retryAfterMs?: number | null): ApiError {
  const told = (typeof status === 'object' && status !== null ? status : {}) as {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly retryAfterSeconds?: number; readonly causes?: readonly Partial<Cause>[] };
  };
  const { retryAfterSeconds, causes = [] } = told.details ?? {};
  return new ApiError({
    code: code ?? told.code ?? 500,
    reason: told.reason,
    message: told.message,
    retryAfterMs: retryAfterMs ?? (retryAfterSeconds === undefined ? null : retryAfterSeconds * 1000),
    request,
    causes: causes.map(({ field = '', reason = '', message = '' }) => ({ field, reason, message })),
  });
}

function errorOfText(request: string, code: number, retryAfter: string | undefined, text: string): ApiError {
  // The API server gives seconds; a date is a proxy's and its clock's.
  const retryAfterMs = retryAfter !== undefined && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : null;
  try {
    return errorOfStatus(request, JSON.parse(text), code, retryAfterMs);
  } catch {
    return new ApiError({ code, message: text.trim(), retryAfterMs, request });
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Query | undefined;
  /** Sent as JSON, every field as it is here. */
  readonly body?: unknown;
  /** Default: application/json. */
  readonly contentType?: string | undefined;
  /** Default: application/json. */
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the whole answer. Default: that of the server's. */
  readonly timeoutMs?: number | undefined;
  /** Called each time that it is about to be sent; what it throws ends the request. */
  readonly beforeSend?: (() => void) | undefined;
}

export interface ApiServerOptions {
  readonly config: KubeConfig;
  readonly userAgent: string;
  /** Told of every answer, or that there was none. */
  readonly onResponse?: (method: string, code: number | '<error>') => void;
  /** How long an answer may take where the request does not say. Default: 30 s. */
  readonly timeoutMs?: number;
  /** How long a stream of lines may be silent. Default: 90 s. */
  readonly silenceMs?: number;
  readonly wait?: Wait;
}

type Answer = Awaited<ReturnType<NonNullable<ReturnType<RequestContext['getDispatcher']>>['request']>>;

function nameOf({ method, path }: Request): string {
  return `${method} ${path}`;
}

function pathOf(server: URL, { path, query = {} }: Request): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return `${server.pathname.replace(/\/$/, '')}${path}${text === '' ? '' : `?${text}`}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message || (code ?? error.name);
}

/** Waiting is better than failing only where asking twice is the same as asking once. */
function pauseBeforeRetry({ method, contentType }: Request, error: unknown): number | null {
  if (!(error instanceof ApiError) || (method !== 'GET' && contentType !== APPLY)) return null;
  if (error.code !== 429 && error.code !== 503) return null;
  const pause = error.retryAfterMs ?? (error.code === 429 ? PAUSE_WITHOUT_ADVICE_MS : null);
  return pause === null || pause > LONGEST_RETRY_AFTER_MS ? null : pause;
}

/** Requests to the server of a kubeconfig's current context, by its user, over a few sockets that are kept. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #dispatchers: Dispatchers;
  readonly #slots = new Slots(IN_FLIGHT);
  readonly #wait: Wait;

  /** Throws when the current context names no cluster. */
  constructor(options: ApiServerOptions) {
    if (!options.config.getCurrentCluster()) throw new Error('The kubeconfig has no current context');
    this.#options = options;
    this.#dispatchers = new Dispatchers(options.config);
    this.#wait = options.wait ?? waitByTimer;
  }

  async #send(request: Request, signal: AbortSignal | undefined, silenceMs: number): Promise<Answer> {
    const server = new URL(this.#options.config.getCurrentCluster()?.server ?? '');
    const context = new RequestContext(`${server.origin}${request.path}`, HttpMethod.GET);
    const dispatcher = await this.#dispatchers.authorise(context);
    const { body, accept = 'application/json', contentType = 'application/json' } = request;
    return await dispatcher.request({
      origin: server.origin,
      path: pathOf(server, request),
      method: request.method,
      headers: {
        accept,
        'user-agent': this.#options.userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...context.getHeaders(),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
      headersTimeout: this.#options.timeoutMs ?? REQUEST_LIMIT_MS,
      bodyTimeout: silenceMs,
    });
  }

  /** Sends, and throws for an answer that is no success. */
  async #ask(request: Request, signal: AbortSignal | undefined, silenceMs: number): Promise<Answer> {
    let code: number | '<error>' = '<error>';
    try {
      const answer = await this.#send(request, signal, silenceMs);
      code = answer.statusCode;
      if (code < 300) return answer;
      const { 'retry-after': retryAfter } = answer.headers;
      throw errorOfText(nameOf(request), code, retryAfter?.toString(), await answer.body.text());
    } finally {
      this.#options.onResponse?.(request.method, code);
    }
  }

  async #once(request: Request): Promise<unknown> {
    const free = await this.#slots.take(request.signal);
    try {
      request.beforeSend?.();
      return await this.#answered(request);
    } finally {
      free();
    }
  }

  async #answered(request: Request): Promise<unknown> {
    const { signal, timeoutMs = this.#options.timeoutMs ?? REQUEST_LIMIT_MS } = request;
    const limit = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    try {
      const { headers, body } = await this.#ask(request, either, timeoutMs);
      const text = await body.text();
      return headers['content-type']?.includes('json') === true ? (JSON.parse(text) as unknown) : text;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ApiError) throw error;
      const why = limit.aborted ? `${timeoutMs} ms are over` : reasonOf(error);
      throw new NoAnswer(nameOf(request), why, error);
    }
  }

  /**
   * What the server answers: JSON, or else text. A GET or an apply that it has no time for is tried again three times
   * where it says when (429 or 503 with Retry-After of up to 30 s), or after a second (429 without). Throws `ApiError`
   * when it refuses, `NoAnswer` when it cannot be reached, the signal's reason, and what `beforeSend` throws.
   */
  async request(request: Request): Promise<unknown> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await this.#once(request);
      } catch (error) {
        const pause = retries < MOST_RETRIES ? pauseBeforeRetry(request, error) : null;
        if (pause === null) throw error;
        await this.#wait(pause, request.signal);
        request.signal?.throwIfAborted();
      }
    }
  }

  /**
   * The lines of an answer that has no end of its own; its `timeoutMs` has no meaning. Ends when the server ends it.
   * Throws as `request` does, and `NoAnswer` when the server has been silent for 90 s.
   */
  async *lines(request: Request): AsyncGenerator<string, void> {
    const { silenceMs = SILENCE_LIMIT_MS } = this.#options;
    const { signal } = request;
    try {
      signal?.throwIfAborted();
      const { body } = await this.#ask(request, signal, silenceMs);
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
      rest += decoder.decode();
      if (rest !== '') yield rest;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ApiError) throw error;
      throw new NoAnswer(nameOf(request), reasonOf(error), error);
    }
  }

  /** Ends its sockets, and the requests and streams on them. */
  async close(): Promise<void> {
    await this.#dispatchers.close();
  }
}

import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;
type Body = Awaited<ReturnType<Dispatcher['request']>>['body'];

const ANSWER_LIMIT_MS = 30_000;
// A watch with bookmarks hears from its server about once a minute.
const SILENCE_LIMIT_MS = 90_000;

/** What the API server answered instead of doing what was asked. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** The HTTP status. */
  readonly code: number;
  /** As "AlreadyExists"; empty where the server gave none. */
  readonly reason: string;
  /** As "PATCH /api/v1/nodes/a". */
  readonly request: string;

  /** `message` is the server's own sentence. */
  constructor({ code, reason, message, request }: Pick<KubeError, 'code' | 'reason' | 'message' | 'request'>) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.request = request;
  }
}

function errorOf(request: string, code: number, text: string): KubeError {
  try {
    const { reason = '', message = text } = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeError({ code, reason, message, request });
  } catch {
    return new KubeError({ code, reason: '', message: text.trim() || `HTTP status ${code}`, request });
  }
}

interface Question {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly signal?: AbortSignal | undefined;
}

/** Whom to act as; the user of the kubeconfig must have the right to. */
export interface Impersonated {
  readonly user: string;
  readonly groups?: readonly string[];
}

/** Requests to the server of a kubeconfig's current context, by its user and over the same few sockets. */
export class Connection {
  readonly config: KubeConfig;
  #dispatcher: Dispatcher | undefined;

  /** Throws when the file is no kubeconfig or its current context names no cluster. */
  constructor(kubeconfig: string) {
    this.config = new KubeConfig();
    this.config.loadFromFile(kubeconfig);
    if (this.config.getCurrentCluster() === null) throw new Error(`${kubeconfig} has no current context`);
    this.#reuseSockets();
  }

  // Left alone, the configuration makes a dispatcher, and so a TLS handshake, for every request.
  #reuseSockets(): void {
    const config = this.config as unknown as {
      createDispatcherOptions: (...from: unknown[]) => { type: string };
      createDispatcher: (...from: unknown[]) => Dispatcher | undefined;
    };
    const options = config.createDispatcherOptions.bind(config);
    const create = config.createDispatcher.bind(config);
    // A server that needs no certificates of its own gets the dispatcher of the process, which nobody may close.
    config.createDispatcherOptions = (...from) => {
      const made = options(...from);
      return made.type === 'none' ? { type: 'agent', connect: {} } : made;
    };
    config.createDispatcher = (...from) => (this.#dispatcher ??= create(...from));
  }

  async #ask({ method, path, body, headers, signal }: Question, silenceMs: number): Promise<Body> {
    const url = new URL(`${this.config.getCurrentCluster()?.server}${path}`);
    const context = new RequestContext(url.href, HttpMethod.GET);
    await this.config.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher === undefined) throw new Error(`There is no way to ${url.origin}`);
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...context.getHeaders(),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: signal ?? null,
      headersTimeout: ANSWER_LIMIT_MS,
      bodyTimeout: silenceMs,
    });
    if (answer.statusCode < 300) return answer.body;
    throw errorOf(`${method} ${path}`, answer.statusCode, await answer.body.text());
  }

  /** The text of the answer. Throws `KubeError` unless it is a success. */
  async text(question: Question): Promise<string> {
    return await (await this.#ask(question, ANSWER_LIMIT_MS)).text();
  }

  /** The lines of an answer that has no end of its own. Throws `KubeError` unless it is a success. */
  async *lines(question: Question): AsyncGenerator<string, void> {
    const body = await this.#ask(question, SILENCE_LIMIT_MS);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  /** Ends its sockets, and the requests on them. */
  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }
}

import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { type Definition, effectiveDefinition } from '@voteapp/contracts/definition';
import type { ErrorBody } from '@voteapp/contracts/errors';
import { CLOCK_HEADER, DEFINITION_PATH } from '@voteapp/contracts/http/poll';
import { hiddenResults, results, type Results, totals, type Totals } from '@voteapp/contracts/http/results';
import { parsePollFile } from '@voteapp/contracts/poll-file';
import { signReceipt } from '@voteapp/contracts/signed';
import type { Logger } from '@voteapp/kit/log';
import { repeat, type Repeated } from '@voteapp/kit/repeat';

const PULL_INTERVAL_MS = 1_000;
const PULL_TIMEOUT_MS = 2_000;
/** How long front may be unreachable at boot before the mounted file is believed. */
const FILE_AFTER_MS = 5_000;

export interface DefinitionFeedDeps {
  readonly frontUrl: string;
  /** Path of the mounted poll file. */
  readonly pollFile: string;
  readonly sessionKey: KeyObject;
  readonly log: Logger;
  readonly now: () => number;
  /** Called with each definition that differs from the one before. */
  readonly onDefinition: (definition: Definition) => void;
  /** Default: 1 s. */
  readonly pullIntervalMs?: number;
}

/** The numbers of a round as front showed them last. */
export interface Snapshot {
  readonly totals: Totals;
  /** null: hidden from those who have voted, too. */
  readonly results: Results | null;
}

interface Pulled {
  readonly status: number;
  readonly body: unknown;
}

/** A GET that sends back the ETag it was given last; a 304 has no body. */
class ConditionalGet {
  readonly #url: URL;
  #etag: string | null = null;

  constructor(url: URL) {
    this.#url = url;
  }

  async pull(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Pulled & { headers: Headers }> {
    const response = await fetch(this.#url, {
      headers: this.#etag === null ? headers : { ...headers, 'if-none-match': this.#etag },
      signal: AbortSignal.any([signal, AbortSignal.timeout(PULL_TIMEOUT_MS)]),
    });
    const text = await response.text();
    const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json');
    const body: unknown = isJson ? JSON.parse(text) : null;
    if (response.status !== 304) this.#etag = response.ok ? response.headers.get('etag') : null;
    return { status: response.status, body, headers: response.headers };
  }
}

function errorCode(body: unknown): unknown {
  return (body as Partial<ErrorBody> | null)?.error?.code;
}

/** Keeps the poll's definition, front's clock and the numbers for the page, pulled from front each second. */
export class DefinitionFeed {
  readonly #deps: DefinitionFeedDeps;
  readonly #definitionGet: ConditionalGet;
  readonly #resultsGet: ConditionalGet;
  readonly #stopping = new AbortController();
  #definition: Definition | null = null;
  #fromFile = false;
  #skewMs: number | null = null;
  #snapshot: Snapshot | null = null;
  #startedAt = 0;
  #pulls: Repeated | undefined;

  constructor(deps: DefinitionFeedDeps) {
    this.#deps = deps;
    this.#definitionGet = new ConditionalGet(new URL(DEFINITION_PATH, deps.frontUrl));
    this.#resultsGet = new ConditionalGet(new URL('/api/results', deps.frontUrl));
  }

  /** True while the definition is the mounted file's, for front has none or was not reached since the start. */
  get fromFile(): boolean {
    return this.#fromFile;
  }

  /** Own clock − front's, ms; null: front was not reached yet. */
  get skewMs(): number | null {
    return this.#skewMs;
  }

  /** The last numbers of a round; null: none known. */
  snapshotOf(round: string): Snapshot | null {
    return this.#snapshot?.totals.round === round ? this.#snapshot : null;
  }

  start(): void {
    const { now, log, pullIntervalMs = PULL_INTERVAL_MS } = this.#deps;
    this.#startedAt = now();
    this.#pulls = repeat(() => this.#pull(), pullIntervalMs, log, 'definition');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#pulls?.stop();
  }

  async #pull(): Promise<void> {
    try {
      await this.#pullDefinition();
      await this.#pullSnapshot();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (this.#deps.now() - this.#startedAt >= FILE_AFTER_MS) await this.#readFile();
      throw error;
    }
  }

  async #pullDefinition(): Promise<void> {
    const { now, onDefinition } = this.#deps;
    const askedAt = now();
    const { status, body, headers } = await this.#definitionGet.pull({}, this.#stopping.signal);
    const clock = headers.get(CLOCK_HEADER);
    // Front read its clock at some moment between the two: the middle is off by half the round trip at most.
    if (clock !== null) this.#skewMs = (askedAt + now()) / 2 - Number(clock);
    if (status === 304) return;
    if (status === 404 && errorCode(body) === 'no_definition') {
      await this.#readFile();
    } else if (status === 200 && body !== null) {
      this.#definition = body as Definition;
      this.#fromFile = false;
      onDefinition(this.#definition);
    } else {
      throw new Error(`Front answered ${status} to the request for the poll's definition.`);
    }
  }

  /** At boot only: once front has given a definition, that one is kept. */
  async #readFile(): Promise<void> {
    if (this.#definition !== null) return;
    const { revision, base } = parsePollFile(await readFile(this.#deps.pollFile, 'utf8'));
    this.#definition = effectiveDefinition(base, [], { version: 0, revision });
    this.#fromFile = true;
    this.#deps.onDefinition(this.#definition);
  }

  /** The page shows a voter of an AfterVote poll the shares itself, so this service asks as somebody who has voted. */
  async #pullSnapshot(): Promise<void> {
    const { sessionKey, now } = this.#deps;
    if (this.#definition === null || this.#fromFile) return;
    const receipt = signReceipt(sessionKey, this.#definition.round, now());
    const authorization = `Bearer ${receipt}`;
    const { status, body } = await this.#resultsGet.pull({ authorization }, this.#stopping.signal);
    if (status === 200) {
      this.#snapshot = { totals: totals.parse(body), results: results.parse(body) };
    } else if (status === 403 && errorCode(body) === 'results_hidden') {
      this.#snapshot = { totals: hiddenResults.parse(body).totals, results: null };
    }
  }
}

import { existsSync, readFileSync } from 'node:fs';

import { basePoll } from '@voteapp/contracts/definition';
import { storeOwner } from '@voteapp/contracts/names';
import type { PollFile } from '@voteapp/contracts/poll-file';
import { problemsOf, sentence } from '@voteapp/contracts/problems';
import type { Logger } from '@voteapp/kit/log';
import type { Repeated } from '@voteapp/kit/repeat';
import type { VoteStore } from '@voteapp/store/port';
import { ZodError } from 'zod';

import { UsageError } from '../exit-codes.ts';
import type { PollEdit } from '../poll/poll.ts';
import { type AskedPoll, askedPoll } from './control-answer.ts';
import { type DataFolder, writeWhole } from './data-folder.ts';
import { followFile } from './follow-file.ts';
import { edited, type OnAir, parseOnAir, stillHolds, withEdit } from './on-air.ts';
import type { LoadedVotingApp } from './voting-app-file.ts';

/** Writes the file that the services read, as a ConfigMap does on a cluster. */
export function writePollFile(path: string, content: PollFile): void {
  writeWhole(path, JSON.stringify(content));
}

/** The poll cannot become that; a sentence for each reason. */
export class EditRefused extends Error {
  override readonly name = 'EditRefused';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface PollSourceOptions {
  /** The VotingApp file. */
  readonly file: string;
  readonly app: LoadedVotingApp;
  readonly folder: Pick<DataFolder, 'pollFile' | 'onAir'>;
  readonly store: VoteStore;
  /** In ms since the epoch. */
  readonly now: () => number;
}

/** The poll as its file and the edits on air make it: judged by the store, written for the services as a ConfigMap is. */
export class PollSource {
  readonly #options: PollSourceOptions;
  /** As the file was when it was taken last. */
  #app: LoadedVotingApp;
  #onAir: OnAir;
  #revision = 0;
  /** What is under way: one change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: PollSourceOptions) {
    const { app, folder } = options;
    this.#options = options;
    this.#app = app;
    const stored = existsSync(folder.onAir) ? parseOnAir(readFileSync(folder.onAir, 'utf8')) : null;
    this.#onAir = stillHolds(stored, app.name, app.poll);
  }

  /** Fields that are not as the file says, but as they were set on air. */
  get changedOnAir(): string[] {
    const { round: _, ...edits } = this.#onAir;
    return Object.entries(edits).flatMap(([field, edit]) => (edit === undefined ? [] : `spec.poll.${field}`));
  }

  /** Takes the poll up with its store. Throws {@link UsageError} when its round forbids that. */
  async start(): Promise<void> {
    const { app, file, store } = this.#options;
    await store.open(storeOwner(app));
    this.#revision = (await store.currentDefinition())?.revision ?? 0;
    try {
      await this.#take(app, this.#onAir);
    } catch (error) {
      if (!(error instanceof EditRefused)) throw error;
      throw new UsageError(said(file, error), { cause: error });
    }
  }

  /** The poll as it was asked for last: by its file, by edits and by controls on air. */
  async asked(): Promise<AskedPoll> {
    const definition = await this.#options.store.currentDefinition();
    if (definition === null) throw new Error('The poll was written and is not there.');
    const { suspensions, ...asked } = definition;
    return askedPoll.parse({ ...asked, suspend: suspensions.some(({ until }) => until === null) });
  }

  /** Changes the poll; returns its revision. Throws {@link EditRefused}, and then it stays as it was. */
  async edit(change: PollEdit): Promise<number> {
    return await this.#inTurn(async () => {
      await this.#take(this.#app, withEdit(this.#onAir, change, this.#app.poll));
      return this.#revision;
    });
  }

  /** Follows the file; `say` is told what makes an edit of it unusable. */
  follow(say: (problem: string) => void, log: Logger): Repeated {
    const { app, file } = this.#options;
    return followFile(file, app, (read) => this.#follow(read), say, log);
  }

  /** Takes the file as it is now; returns why it cannot. */
  async #follow(read: LoadedVotingApp): Promise<string> {
    try {
      await this.#inTurn(() => this.#take(read, stillHolds(this.#onAir, read.name, read.poll)));
      return '';
    } catch (error) {
      if (error instanceof EditRefused) return said(this.#options.file, error);
      throw error;
    }
  }

  async #take(app: LoadedVotingApp, onAir: OnAir): Promise<void> {
    const { folder, store, now } = this.#options;
    const poll = whole(app, onAir);
    const revision = this.#revision + 1;
    const result = await store.putBase(revision, basePoll(poll, app.name), now());
    if (result.outcome === 'refused') throw new EditRefused(result.problems.map(sentence));
    writeWhole(folder.onAir, JSON.stringify(onAir));
    writePollFile(folder.pollFile, { name: app.name, revision, poll });
    this.#app = app;
    this.#onAir = onAir;
    this.#revision = revision;
  }

  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => {});
    return await turn;
  }
}

function whole({ poll }: LoadedVotingApp, onAir: OnAir): ReturnType<typeof edited> {
  try {
    return edited(poll, onAir);
  } catch (error) {
    if (error instanceof ZodError) throw new EditRefused(problemsOf(error, 'spec.poll').map(sentence));
    throw error;
  }
}

function said(file: string, { problems }: EditRefused): string {
  return problems.map((problem) => `${file}: ${problem}.`).join('\n');
}

import { readFile } from 'node:fs/promises';

import type { Problem } from '@voteapp/contracts/definition';
import { parsePollFile } from '@voteapp/contracts/poll-file';
import { problemsOf, sentence } from '@voteapp/contracts/problems';
import type { Logger } from '@voteapp/kit/log';
import type { WorkerStore } from '@voteapp/store/port';

export interface DefinitionWriterDeps {
  readonly file: string;
  readonly store: WorkerStore;
  readonly log: Logger;
  readonly now: () => number;
  /** Called with sentences once for each content of the file that is not taken. */
  readonly onRefused: (problems: readonly string[]) => void;
}

export interface DefinitionWriter {
  /** Writes the file's poll if its content has changed since the last look. Rejects with StoreUnavailable. */
  look(): Promise<void>;
}

/** Follows the mounted poll file. Content that is not usable or refused leaves the stored definition as it is. */
export function createDefinitionWriter({ file, store, log, now, onRefused }: DefinitionWriterDeps): DefinitionWriter {
  let seen: string | null = null;

  function refuse(refused: readonly Problem[]): void {
    const problems = refused.map(sentence);
    log.warn({ file, problems }, 'Poll file was refused, the definition stays as it was');
    onRefused(problems);
  }

  async function write(text: string): Promise<void> {
    const parsed = parse(text);
    if ('problems' in parsed) return refuse(parsed.problems);
    const { revision, base } = parsed;
    const written = await store.putBase(revision, base, now());
    if (written.outcome === 'refused') return refuse(written.problems);
    if (written.outcome === 'written') log.info({ round: base.round, revision }, 'Definition was written');
  }

  return {
    async look() {
      const { key, text } = await read(file);
      if (key === seen) return;
      if (text === null) refuse([{ path: 'POLL_FILE', message: key }]);
      else await write(text);
      // Not before: while the store is away, the next look must try again.
      seen = key;
    },
  };
}

/** `key` differs when there is something new to say about the file. */
async function read(file: string): Promise<{ key: string; text: string | null }> {
  try {
    const text = await readFile(file, 'utf8');
    return { key: `content ${text}`, text };
  } catch (error) {
    return { key: `cannot be read (${(error as NodeJS.ErrnoException).code})`, text: null };
  }
}

function parse(text: string): ReturnType<typeof parsePollFile> | { problems: readonly Problem[] } {
  try {
    return parsePollFile(text);
  } catch (error) {
    if (error instanceof SyntaxError) return { problems: [{ path: 'POLL_FILE', message: 'is not valid JSON' }] };
    return { problems: problemsOf(error as Parameters<typeof problemsOf>[0]) };
  }
}

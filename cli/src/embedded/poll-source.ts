import { isDeepStrictEqual } from 'node:util';

import type { PollFile } from '@voteapp/contracts/poll-file';
import type { Logger } from '@voteapp/kit/log';
import { repeat, type Repeated } from '@voteapp/kit/repeat';

import { UsageError } from '../exit-codes.ts';
import { writeWhole } from './data-folder.ts';
import { type LoadedVotingApp, readVotingApp } from './voting-app-file.ts';

const LOOK_EVERY_MS = 1_000;

/** Writes the file that the services read, as a ConfigMap does on a cluster. */
export function writePollFile(path: string, app: LoadedVotingApp, revision: number): void {
  writeWhole(path, JSON.stringify({ name: app.name, revision, poll: app.poll } satisfies PollFile));
}

export interface Watched {
  readonly file: string;
  readonly app: LoadedVotingApp;
  readonly pollFile: string;
  readonly revision: number;
}

/**
 * Looks at the VotingApp file each second and hands a valid edit on with the next revision. What makes an edit
 * unusable is said once (`onInvalid`), and the poll goes on as it was.
 */
export function followEdits(watched: Watched, onInvalid: (text: string) => void, log: Logger): Repeated {
  const { file, app, pollFile } = watched;
  let { revision } = watched;
  let last: unknown = app;
  let lastProblem = '';
  return repeat(
    async () => {
      const edited = await readVotingApp(file).catch((error: unknown) => {
        if (error instanceof UsageError) return error;
        throw error;
      });
      const problem = edited instanceof UsageError ? edited.message : nameProblem(file, app, edited);
      if (problem !== '' && problem !== lastProblem) onInvalid(problem);
      lastProblem = problem;
      if (edited instanceof UsageError || problem !== '' || isDeepStrictEqual(edited, last)) return;
      last = edited;
      revision += 1;
      writePollFile(pollFile, edited, revision);
    },
    LOOK_EVERY_MS,
    log,
    'follow edits',
  );
}

function nameProblem(file: string, running: LoadedVotingApp, { name, namespace }: LoadedVotingApp): string {
  if (name === running.name && namespace === running.namespace) return '';
  return `${file}: metadata.name and metadata.namespace must stay as they are while the poll runs; stop it first.`;
}

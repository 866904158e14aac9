import { isDeepStrictEqual } from 'node:util';

import type { Logger } from '@voteapp/kit/log';
import { repeat, type Repeated } from '@voteapp/kit/repeat';

import { UsageError } from '../exit-codes.ts';
import { type LoadedVotingApp, readVotingApp } from './voting-app-file.ts';

const LOOK_EVERY_MS = 1_000;

/**
 * Looks at a VotingApp file each second, and has each edit of it taken: `take` resolves with why it cannot be, or with
 * nothing. What makes an edit unusable is said once.
 */
export function followFile(
  file: string,
  running: LoadedVotingApp,
  take: (edited: LoadedVotingApp) => Promise<string>,
  say: (problem: string) => void,
  log: Logger,
): Repeated {
  let last: unknown = running;
  let lastProblem = '';
  const sayOnce = (problem: string): void => {
    if (problem !== '' && problem !== lastProblem) say(problem);
    lastProblem = problem;
  };
  const look = async (): Promise<void> => {
    const read = await readVotingApp(file).catch((error: unknown) => {
      if (error instanceof UsageError) return error;
      throw error;
    });
    if (read instanceof UsageError) return sayOnce(read.message);
    if (isDeepStrictEqual(read, last)) return sayOnce('');
    sayOnce(nameProblem(file, running, read) || (await take(read)));
    last = read;
  };
  return repeat(look, LOOK_EVERY_MS, log, 'follow edits');
}

function nameProblem(file: string, running: LoadedVotingApp, { name, namespace }: LoadedVotingApp): string {
  if (name === running.name && namespace === running.namespace) return '';
  return `${file}: metadata.name and metadata.namespace must stay as they are while the poll runs; stop it first.`;
}

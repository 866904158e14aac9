import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { ServiceName } from '@voteapp/contracts/cluster-objects';
import { publicPoll } from '@voteapp/contracts/http/poll';

import { type ControlAnswer, controlAnswer } from '../embedded/control-answer.ts';
import { readRunFile, type RunFile } from '../embedded/run-file.ts';
import { EXIT, Failure, UsageError } from '../exit-codes.ts';
import type { Poll, PollNow } from './poll.ts';

const ANSWER_MS = 5_000;

function gone(name: string, cause?: unknown): Failure {
  return new Failure(
    EXIT.failed,
    `The poll ${name} of this machine does not answer: start it with \`voteapp up\`.`,
    cause,
  );
}

async function control(name: string, { control: { url, secret } }: RunFile, init: RequestInit): Promise<ControlAnswer> {
  try {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(ANSWER_MS) });
    return controlAnswer.parse(await response.json());
  } catch (error) {
    throw gone(name, error);
  }
}

function pollOf(name: string, run: RunFile): Poll {
  const urls: Readonly<Record<ServiceName, string>> = {
    vote: run.urls.vote,
    worker: run.urls.worker,
    front: run.urls.results,
  };
  const ask = async (service: ServiceName, path: string, init: RequestInit = {}): Promise<Response> => {
    try {
      return await fetch(urls[service] + path, { signal: AbortSignal.timeout(ANSWER_MS), ...init });
    } catch (error) {
      throw gone(name, error);
    }
  };
  return {
    name,
    namespace: run.namespace,
    isLocal: true,
    urls: { vote: run.urls.vote, results: run.urls.results },
    address: async (service) => urls[service],
    ask,
    async now(): Promise<PollNow> {
      const answer = await control(name, run, { method: 'GET' });
      if (!('poll' in answer)) throw gone(name);
      const { version, ...asked } = answer.poll;
      const view = publicPoll.parse(await (await ask('vote', '/api/poll')).json());
      // The vote service tells by which version it judges, and not which revision that comes of.
      const judged = view.version >= version ? { revision: asked.revision, state: view.state } : null;
      return { ...asked, judged, hindrance: null };
    },
    async edit(change) {
      const answer = await control(name, run, { method: 'PATCH', body: JSON.stringify(change) });
      if ('problems' in answer) {
        throw new Failure(EXIT.failed, answer.problems.map((problem) => `${problem}.`).join('\n'));
      }
      if (!('revision' in answer)) throw gone(name);
      return answer.revision;
    },
  };
}

/** The poll that a folder of the data folder runs; null where none does. */
async function runningPoll(data: string, name: string): Promise<Poll | null> {
  const run = readRunFile(join(data, name));
  if (run === null) return null;
  try {
    // The process may be another one by now; the secret knows.
    const answer = await control(name, run, { method: 'GET' });
    return 'name' in answer ? pollOf(name, run) : null;
  } catch {
    return null;
  }
}

/** The polls that run on this machine with their data under a folder, by their names. */
export async function runningPolls(data: string): Promise<readonly Poll[]> {
  const entries = await readdir(data, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = await Promise.all(names.toSorted().map((name) => runningPoll(data, name)));
  return found.filter((poll) => poll !== null);
}

/**
 * The running poll of the name, or the only one. Throws `Failure` when there is none, and `UsageError` when there are
 * several and none is named.
 */
export async function localPoll(data: string, name: string | undefined): Promise<Poll> {
  const polls = await runningPolls(data);
  const names = polls.map((poll) => poll.name).join(', ');
  const [found, ...more] = polls.filter((poll) => name === undefined || poll.name === name);
  if (found === undefined) {
    const advice = 'start one with `voteapp up`, or say where its data is with --data';
    const message =
      names === ''
        ? `No poll runs on this machine with its data in ${data}: ${advice}.`
        : `No poll ${name} runs on this machine; ${names} does.`;
    throw new Failure(EXIT.notFound, message);
  }
  if (more.length > 0) throw new UsageError(`This machine runs ${names}: say which one.`);
  return found;
}

import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, NoAnswer } from '@voteapp/operator/runtime/api-server';

import { EXIT, Failure } from '../exit-codes.ts';

interface Asked {
  readonly context: string;
  readonly url: string;
  readonly config: Pick<KubeConfig, 'getCurrentUser'>;
}

/** A sentence, whether or not it came with its full stop. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function refused({ code, message, reason }: ApiError, { context }: Asked): [1 | 3 | 4 | 5, string] {
  switch (code) {
    case 401:
      return [EXIT.forbidden, `Context ${context} is not logged in, or its login has run out: log in again.`];
    case 403:
      return [EXIT.forbidden, `${sentence(message)} Ask whoever runs the cluster for that right.`];
    case 404:
      return [EXIT.notFound, sentence(message)];
    case 408:
    case 504:
      return [EXIT.timeout, sentence(message)];
    default:
      return [EXIT.failed, `The API server refused (${reason || code}): ${sentence(message)}`];
  }
}

/** The last of what it said, for its first words are seldom the reason. */
function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/**
 * Why the user's credentials could not be had: a login program of the kubeconfig failed, or a file of it cannot be read.
 * Null where it was the server that did not answer.
 */
function loginProblem({ cause }: NoAnswer, { config }: Asked): string | null {
  if (!(cause instanceof Error)) return null;
  const { code, syscall = '', path = '' } = cause as NodeJS.ErrnoException;
  if (syscall === 'open' || syscall === 'read') return `${path} cannot be read (${code})`;
  const { command } = (config.getCurrentUser()?.exec ?? {}) as { readonly command?: string };
  if (command === undefined) return null;
  if (syscall.startsWith('spawn')) return `${command}, which the kubeconfig names, cannot be run (${code})`;
  // Whatever a socket suffers has a code; the program's last words have none.
  return code === undefined ? `${command} failed: ${lastLine(cause.message)}` : null;
}

/** What a person reads of an answer of the API server, or of its silence; other errors as they are. */
export function explained(error: unknown, asked: Asked): unknown {
  if (error instanceof ApiError) {
    const [exitCode, message] = refused(error, asked);
    return new Failure(exitCode, message, error);
  }
  if (!(error instanceof NoAnswer)) return error;
  const isLate = error.message.endsWith('ms are over');
  const login = isLate ? null : loginProblem(error, asked);
  if (login !== null) {
    return new Failure(EXIT.forbidden, `There is no login for context ${asked.context}: ${sentence(login)}`, error);
  }
  const what = isLate
    ? 'did not answer in time; --request-timeout gives it longer'
    : `cannot be reached: ${error.message.replace(`${error.request} got no answer: `, '')}`;
  const message = `The API server of context ${asked.context} (${asked.url}) ${sentence(what)}`;
  return new Failure(isLate ? EXIT.timeout : EXIT.failed, message, error);
}

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  timeout: 3,
  notFound: 4,
  forbidden: 5,
  interrupted: 130,
} as const;

/** What they mean, for the reference. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'It did what it was asked, or that was so already.',
  failed: 'It could not; or what was asked about is not well: a check fails, a vote is refused.',
  usage: 'What it was given cannot be worked with: an argument, a file, a kubeconfig.',
  timeout: 'What was waited for did not come in time, or a server did not answer.',
  notFound: 'There is no such thing: a poll, a round, an operator, the type VotingApp.',
  forbidden: 'The cluster does not let this user do it.',
  interrupted: 'Ctrl-C ended it before it was done.',
};

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What the caller gave cannot be worked with; the message is what he reads: sentences, one a line. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command that could not do what it was asked; the message is what the caller reads: what failed, and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

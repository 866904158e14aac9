/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What the caller gave cannot be worked with; the message is what he reads: sentences, one a line. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Does what only Ctrl-C ends, so that this is no failure. */
export async function untilInterrupted(
  { signal }: Pick<Terminal, 'signal'>,
  work: () => Promise<unknown>,
): Promise<ExitCode> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return EXIT.ok;
}

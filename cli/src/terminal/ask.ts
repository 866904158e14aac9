import { createInterface } from 'node:readline/promises';

/** Whether somebody is there to be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY;
}

/** What a person types after the question, which goes to standard error; empty where he ends the input instead. */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  // The terminal itself reads the line, so that Ctrl-C is a signal to this process and no character.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const ended = new AbortController();
  lines.once('close', () => ended.abort());
  try {
    return (await lines.question(question, { signal: AbortSignal.any([signal, ended.signal]) })).trim();
  } catch (error) {
    signal.throwIfAborted();
    if (ended.signal.aborted) return '';
    throw error;
  } finally {
    lines.close();
  }
}

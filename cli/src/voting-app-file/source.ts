import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import { UsageError } from '../exit-codes.ts';

/** Name of standard input where a file is named. */
export const STDIN = '-';

/** What a file holds; of `-`, standard input. Throws {@link UsageError} that says why it cannot be read. */
export async function readSource(file: string): Promise<string> {
  if (file === STDIN) return await text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new UsageError(`${file} cannot be read: ${reason}; name a VotingApp file with -f.`, { cause: error });
  }
}

/** What a file is called to those who read of it. */
export function shownFile(file: string): string {
  return file === STDIN ? 'standard input' : file;
}

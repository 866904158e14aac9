import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const HOOKS = new URL('module-hooks.ts', import.meta.url);

/** A piece of source text that is another one in the processes of a case. The product knows nothing of it. */
export interface Rewrite {
  /** From the repository's root. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
}

/** The name under which {@link rewriteEnvironment} hands the rewrites to the process. */
export const REWRITES_VARIABLE = 'VOTEAPP_FAULTS_REWRITES';

/** The text with all of its file's rewrites. Throws when one of them does not fit: the product has moved on. */
export function rewritten(file: string, text: string, rewrites: readonly Rewrite[]): string {
  return rewrites.reduce((result, { from, to }) => {
    const parts = result.split(from);
    if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times, not once: ${from}`);
    return parts.join(to);
  }, text);
}

/** Puts code before a piece of text that occurs once. */
export function before(file: string, from: string, code: string): Rewrite {
  return { file, from, to: `${code}\n${from}` };
}

/** What makes a process of Node.js, and each of its threads, load the rewritten sources. Throws as {@link rewritten}. */
export function rewriteEnvironment(rewrites: readonly Rewrite[]): Record<string, string> {
  if (rewrites.length === 0) return {};
  for (const [file, own] of Map.groupBy(rewrites, (rewrite) => rewrite.file)) {
    rewritten(file, readFileSync(fileURLToPath(new URL(file, ROOT)), 'utf8'), own);
  }
  return { NODE_OPTIONS: `--import ${HOOKS.href}`, [REWRITES_VARIABLE]: JSON.stringify(rewrites) };
}

import { readFileSync } from 'node:fs';

import type * as z from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not fit; `problems` has a sentence for each thing that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

function readValue(name: string, env: Environment, problems: string[]): string | undefined {
  const file = env[`${name}_FILE`];
  if (file === undefined) return env[name];
  if (env[name] !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set; keep one of them`);
    return undefined;
  }
  try {
    // Editors and `kubectl create secret --from-file` leave a newline at the end that nobody meant.
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    problems.push(`${name}_FILE cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * Reads the names of `schema` from the environment, each also as `<NAME>_FILE` (a path whose content is the value).
 * Throws {@link ConfigError} with every problem at once; values never appear in it, for they may be secret.
 */
export function parseConfig<Schema extends z.ZodObject>(schema: Schema, env: Environment): z.output<Schema> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = readValue(name, env, problems);
    if (value !== undefined) values[name] = value;
  }
  const unreadable = new Set(problems.map((problem) => problem.split(/[ _]FILE| /)[0]));
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      const name = path.join('.');
      if (unreadable.has(name)) continue;
      problems.push(values[name] === undefined ? `${name} is required` : `${name}: ${message}`);
    }
  }
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

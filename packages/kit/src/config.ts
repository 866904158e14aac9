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

type Reading = { readonly value: string | undefined } | { readonly problem: string };

function read(name: string, env: Environment): Reading {
  const file = env[`${name}_FILE`];
  if (file === undefined) return { value: env[name] };
  if (env[name] !== undefined) return { problem: `${name} and ${name}_FILE are both set; keep one of them` };
  try {
    // Editors leave a newline at the end of a secret's file that nobody meant.
    return { value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    return { problem: `${name}_FILE cannot be read: ${(error as Error).message}` };
  }
}

/**
 * Reads the names of `schema` from the environment, each also as `<NAME>_FILE` (a path whose content is the value).
 * Throws {@link ConfigError} with every problem at once; values never appear in it, for they may be secret.
 */
export function parseConfig<Schema extends z.ZodObject>(schema: Schema, env: Environment): z.output<Schema> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  const unreadable = new Set<string>();
  for (const name of Object.keys(schema.shape)) {
    const reading = read(name, env);
    if ('problem' in reading) {
      unreadable.add(name);
      problems.push(reading.problem);
    } else if (reading.value !== undefined) {
      values[name] = reading.value;
    }
  }
  const parsed = schema.safeParse(values);
  if (parsed.success && problems.length === 0) return parsed.data;
  for (const { path, message } of parsed.error?.issues ?? []) {
    const name = path.join('.');
    if (unreadable.has(name)) continue;
    problems.push(name in values ? `${name}: ${message}` : `${name} is required`);
  }
  throw new ConfigError(problems);
}

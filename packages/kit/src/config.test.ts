import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { type ConfigError, parseConfig } from './config.ts';

const schema = z.object({
  HOST: z.string().default('localhost'),
  PORT: z.coerce.number().int(),
  PASSWORD: z.string().min(8),
});
const folder = mkdtempSync(join(tmpdir(), 'voteapp-config-'));
const secretFile = join(folder, 'password');
writeFileSync(secretFile, 'correct horse\n');
afterAll(() => rmSync(folder, { recursive: true }));

function problems(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(schema, env);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}

describe('parseConfig', () => {
  it('takes values, defaults and secrets from files, without the newline at their end', () => {
    expect(parseConfig(schema, { PORT: '80', PASSWORD_FILE: secretFile })).toEqual({
      HOST: 'localhost',
      PORT: 80,
      PASSWORD: 'correct horse',
    });
  });

  it('lists every problem at once', () => {
    expect(problems({ PORT: 'http', PASSWORD: 'short' })).toEqual([
      expect.stringMatching(/^PORT: /),
      expect.stringMatching(/^PASSWORD: /),
    ]);
  });

  it('names what is missing', () => {
    expect(problems({})).toEqual(['PORT is required', 'PASSWORD is required']);
  });

  it('refuses a value and a file for the same name', () => {
    expect(problems({ PORT: '1', PASSWORD: 'long enough', PASSWORD_FILE: secretFile })).toEqual([
      'PASSWORD and PASSWORD_FILE are both set; keep one of them',
    ]);
  });

  it('says which file cannot be read, and nothing else of that name', () => {
    expect(problems({ PORT: '1', PASSWORD_FILE: join(folder, 'absent') })).toEqual([
      expect.stringMatching(/^PASSWORD_FILE cannot be read: ENOENT/),
    ]);
  });

  it('never repeats a value, for it may be a secret', () => {
    expect(problems({ PORT: 'hunter2', PASSWORD: 'hunter2' }).join()).not.toContain('hunter2');
  });
});

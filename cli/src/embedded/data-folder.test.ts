import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openDataFolder } from './data-folder.ts';
import { readRunFile, type RunFile } from './run-file.ts';

const RUN: RunFile = {
  pid: process.pid,
  namespace: 'default',
  urls: { vote: 'http://localhost:1', worker: 'http://localhost:2', results: 'http://localhost:3' },
  control: { url: 'http://127.0.0.1:4/poll', secret: 'of nobody' },
};

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'voteapp-data-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('a data folder', () => {
  it('is held by one at a time, who is named', () => {
    const path = join(parent, 'poll');
    const first = openDataFolder(path);
    first.writeRun(RUN);
    expect(() => openDataFolder(path)).toThrow(
      `The data folder ${path} is in use by another voteapp (process ${process.pid}); stop it, or choose another with --data.`,
    );
    first.release();
    openDataFolder(path).release();
  });

  it('makes its keys once, for its owner alone', () => {
    const first = openDataFolder(parent);
    first.release();
    const second = openDataFolder(parent);
    second.release();
    expect(second.keys).toEqual(first.keys);
    expect(Buffer.from(first.keys.round_key, 'base64')).toHaveLength(32);
    expect(first.keys.round_key).not.toBe(first.keys.session_key);
    expect(statSync(join(parent, 'keys.json')).mode & 0o777).toBe(0o600);
  });

  it('tells where the services are while it is held', () => {
    const folder = openDataFolder(parent);
    folder.writeRun(RUN);
    expect(readRunFile(parent)).toEqual(RUN);
    expect(statSync(join(parent, 'run.json')).mode & 0o777).toBe(0o600);
    folder.release();
    expect(existsSync(join(parent, 'run.json'))).toBe(false);
  });

  it('that cannot be one is refused, and so are keys that are none', () => {
    const file = join(parent, 'file');
    writeFileSync(file, '');
    expect(() => openDataFolder(join(file, 'poll'))).toThrow(/cannot be used: .*; choose another with --data\.$/);
    writeFileSync(join(parent, 'keys.json'), '{}');
    expect(() => openDataFolder(parent)).toThrow('does not hold the two keys it was made with');
  });
});

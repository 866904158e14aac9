import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { StoreUnavailable } from '../port.ts';
import { openSqliteStore, SqliteStore, startThread } from './store.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-thread-'));
});
afterEach(() => rm(folder, { recursive: true }));

const path = () => join(folder, 'store.db');

describe('the thread of the store', () => {
  it('says why the file cannot be opened, and ends', async () => {
    await expect(openSqliteStore(join(folder, 'missing', 'store.db'))).rejects.toThrow(StoreUnavailable);
  });

  it('rejects every call, waiting or new, once it has died', async () => {
    const thread = startThread(path());
    const store = new SqliteStore(thread);
    await store.opened;
    const waiting = [store.open('a/b'), store.ping()].map((call) => call.catch((error: unknown) => error));
    await thread.terminate();
    for (const outcome of await Promise.all(waiting)) expect(outcome).toBeInstanceOf(StoreUnavailable);
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    await store.close();
  });

  it('passes an error that is no outage on as it is, and goes on', async () => {
    const store = await openSqliteStore(path());
    await store.open('a/b');
    const broken = store.addComment('1', { email: null as unknown as string, comment: '' }, 0);
    await expect(broken).rejects.toThrow(/NOT NULL constraint failed/);
    await expect(broken).rejects.not.toBeInstanceOf(StoreUnavailable);
    await store.ping();
    await store.close();
  });

  it.each([
    ['that forgets to close it', ''],
    ['that waits for its close', 'await store.close();'],
  ])('lets a process %s end, with nothing on stderr', async (_, last) => {
    const module = new URL('./store.ts', import.meta.url).href;
    const script = `
      import { openSqliteStore } from '${module}';
      const store = await openSqliteStore(process.argv[1]);
      await store.open('a/b');
      ${last}
      console.log('done');`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path()]);
    await expect(run).resolves.toEqual({ stdout: 'done\n', stderr: '' });
  });
});

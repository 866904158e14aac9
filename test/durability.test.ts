import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { startPoll } from './tools/voteapp-process.ts';

const strace = process.env['VOTEAPP_TEST_STRACE'];

interface Call {
  readonly name: string;
  readonly text: string;
}

/** The system calls of a trace in the order of their completion: a call is done when it has returned. */
function completedCalls(trace: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const match = /^(\d+) +(.*)$/.exec(line);
    const [, thread = '', rest = ''] = match ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length));
    } else if (resumed !== null) {
      calls.push({ name: resumed[1] ?? '', text: (begun.get(thread) ?? '') + (resumed[2] ?? '') });
    } else {
      calls.push({ name: /^\w+/.exec(rest)?.[0] ?? '', text: rest });
    }
  }
  return calls;
}

it.skipIf(strace === undefined)('answers 202 only after the vote is on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-durability-'));
  const trace = join(folder, 'trace');
  const calls = 'trace=write,writev,pwrite64,pwritev,fdatasync';
  const poll = await startPoll(folder, {
    wrapper: [strace ?? '', '-f', '-y', '-s', '4096', '-e', calls, '-e', 'signal=none', '-o', trace],
  });
  const response = await fetch(`${poll.urls.vote}/api/vote`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ option: 'coca', voter: 'ana' }),
  });
  expect(response.status).toBe(202);
  await poll.stop();

  const completed = completedCalls(await readFile(trace, 'utf8'));
  const indexOf = (from: number, matches: (call: Call) => boolean): number =>
    completed.findIndex((call, index) => index >= from && matches(call));
  const isJournal = (text: string): boolean => /^\w+\(\d+<[^>]*\.journal>/.test(text);
  const written = indexOf(0, ({ text }) => isJournal(text) && text.includes('\\"votes\\":[['));
  const synced = indexOf(written, ({ name, text }) => name === 'fdatasync' && isJournal(text) && text.endsWith(' = 0'));
  const answered = indexOf(0, ({ text }) => text.includes('HTTP/1.1 202'));
  expect(written).toBeGreaterThanOrEqual(0);
  expect(synced).toBeGreaterThan(written);
  expect(answered).toBeGreaterThan(synced);
  await rm(folder, { recursive: true });
});

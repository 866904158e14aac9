import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { patternOf, readPage, sectionOf, stepsOf } from './tools/document.ts';
import { type RunningPoll, startPoll } from './tools/voteapp-process.ts';

const tour = sectionOf(await readPage('README.md'), 'A tour with curl');

describe('the tour of the README', () => {
  let data: string;
  let poll: RunningPoll;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'voteapp-readme-'));
    poll = await startPoll(data);
  });
  afterAll(async () => {
    await poll.stop();
    await rm(data, { recursive: true });
  });

  async function run(command: string): Promise<string> {
    const here = command
      .replaceAll('localhost:8080', new URL(poll.urls.vote).host)
      .replaceAll('localhost:8082', new URL(poll.urls.results).host);
    const { stdout } = await promisify(execFile)('bash', ['-c', here]);
    return stdout.replaceAll('\r', '').trim();
  }

  // One test, for a tour is walked in order: each answer depends on the votes before it.
  it('answers as documented', async () => {
    const walked = stepsOf(tour);
    expect(walked.length).toBeGreaterThan(10);
    for (const { command, answer } of walked) {
      // A 202 says that a vote is stored; the count follows within milliseconds.
      await expect.poll(() => run(command), { timeout: 5_000, message: command }).toMatch(patternOf(answer ?? ''));
    }
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type RunningPoll, startPoll } from './tools/voteapp-process.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

interface Step {
  readonly command: string;
  readonly answer: string;
}

/** The `$ command` lines of the console blocks, each with what the page says it prints. */
function steps(): Step[] {
  const blocks = [...readme.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n');
        return { command: text.slice(0, end), answer: text.slice(end + 1).trim() };
      }),
  );
}

/** `…` stands for anything. */
function pattern(answer: string): RegExp {
  const parts = answer.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`);
}

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
    const walked = steps();
    expect(walked.length).toBeGreaterThan(10);
    for (const { command, answer } of walked) {
      // A 202 says that a vote is stored; the count follows within milliseconds.
      await expect.poll(() => run(command), { timeout: 5_000, message: command }).toMatch(pattern(answer));
    }
  });
});

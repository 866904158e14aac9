import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';

import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { startVoteapp, voteapp } from './voteapp.ts';

const SAMPLES = new URL('../../manifests/samples/', import.meta.url);

/** What is published of an answer, read as any program would. */
async function published(name: string): Promise<z.ZodType> {
  const file = new URL(`../../docs/reference/schemas/${name}.json`, import.meta.url);
  return z.fromJSONSchema(JSON.parse(await readFile(file, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0]);
}

describe('what commands print with -o json is what is published', { timeout: 60_000 }, () => {
  let data: string;
  let poll: RunningPoll;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'voteapp-schemas-'));
    poll = await startPoll(data);
  });
  afterAll(async () => {
    await poll?.stop();
    await rm(data, { recursive: true });
  });

  const sample = (name: string): string => new URL(`${name}.yaml`, SAMPLES).pathname;
  const answers: Readonly<Record<string, readonly [schema: string, args: readonly string[], local?: 'local']>> = {
    'version --client': ['version', ['version', '--client']],
    'analyze of a file with nothing to say': ['analyze', ['analyze', '-f', sample('smallest')]],
    'analyze of a file with a peak': ['analyze', ['analyze', '-f', sample('smallest'), '--peak', '90000']],
    vote: ['vote', ['vote', 'coca-pepsi', 'pepsi'], 'local'],
    'vote that is refused': ['vote', ['vote', 'coca-pepsi', 'pepsi', '--voter', 'x'.repeat(300)], 'local'],
    tally: ['tally', ['tally'], 'local'],
    status: ['status', ['status'], 'local'],
    'poll suspend': ['poll', ['poll', 'suspend'], 'local'],
    'poll resume': ['poll', ['poll', 'resume', '--wait'], 'local'],
  };
  test.each(Object.entries(answers))('%s', async (_, [schema, args, local]) => {
    const here = local === undefined ? [] : ['--local', '--data', data];
    const { stdout } = await voteapp([...args, ...here, '-o', 'json']);
    const answer = JSON.parse(stdout) as object;
    expect((await published(schema)).safeParse(answer).error).toBeUndefined();
    // The schema says something: what it does not know, it refuses.
    expect((await published(schema)).safeParse({ ...answer, surprise: 1 }).success).toBe(false);
  });

  test('browse', async () => {
    const args = ['browse', '--no-open', '--local', '--data', data, '-o', 'json'];
    const { stdout } = await startVoteapp(args).answer;
    expect((await published('browse')).safeParse(JSON.parse(stdout)).error).toBeUndefined();
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createSecretKey } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Definition } from '@voteapp/contracts/definition';
import type { PollFile } from '@voteapp/contracts/poll-file';
import { isReceipt } from '@voteapp/contracts/signed';
import { createLogger } from '@voteapp/kit/log';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DefinitionFeed } from './definition-feed.ts';
import { definition } from './testing/poll.ts';
import { hidden, shownResults } from './testing/results.ts';
import { type StubFront, startStubFront } from './testing/stub-front.ts';

const KEY = createSecretKey(Buffer.alloc(32, 's'));
const log = createLogger({ level: 'silent', service: 'vote' });
const POLL: PollFile = { name: 'drinks', revision: 4, poll: { options: [{ id: 'coca' }, { id: 'pepsi' }] } };

let clock = 1_800_000_000_000;
let front: StubFront;
let folder: string;
let feed: DefinitionFeed;
let seen: Definition[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  front = await startStubFront(() => clock);
  folder = await mkdtemp(join(tmpdir(), 'voteapp-feed-'));
  seen = [];
  feed = new DefinitionFeed({
    frontUrl: front.url,
    pollFile: join(folder, 'poll.json'),
    sessionKey: KEY,
    log,
    now: () => clock,
    onDefinition: (next) => seen.push(next),
  });
});
afterEach(async () => {
  await feed.stop();
  vi.useRealTimers();
  await front.close();
  await rm(folder, { recursive: true });
});

/** Time passes while it waits. */
function until(check: () => void): Promise<void> {
  return vi.waitFor(check, 30_000);
}

async function writePoll(text = JSON.stringify(POLL)): Promise<void> {
  await writeFile(join(folder, 'poll.json'), text);
}

describe('the definition', () => {
  it('is pulled from front, again when its version changes, and kept while front is away', async () => {
    front.definition = definition();
    feed.start();
    await until(() => expect(seen).toEqual([definition()]));
    await until(() => expect(front.definitionAnswers).toContain(304));
    front.definition = definition({ version: 2, title: 'Live now' });
    await until(() => expect(seen.map(({ version }) => version)).toEqual([1, 2]));
    front.down = true;
    clock += 60_000;
    await vi.advanceTimersByTimeAsync(3_000);
    expect([seen.length, feed.fromFile]).toEqual([2, false]);
  });

  it('is the mounted file’s as soon as front says that it has none, until it has', async () => {
    await writePoll();
    feed.start();
    await until(() => expect(seen).toMatchObject([{ round: 'drinks', version: 0, revision: 4 }]));
    expect(feed.fromFile).toBe(true);
    front.definition = definition();
    await until(() => expect(seen.at(-1)).toEqual(definition()));
    expect(feed.fromFile).toBe(false);
  });

  it('is the mounted file’s once front was unreachable for 5 s, not before', async () => {
    await writePoll();
    front.down = true;
    feed.start();
    clock += 4_900;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(seen).toEqual([]);
    clock += 100;
    await until(() => expect(seen).toMatchObject([{ version: 0 }]));
  });

  it.each([
    ['is no JSON', 'apiVersion: voteapp.dev/v1alpha1'],
    ['has no options', '{"name":"drinks","revision":1,"poll":{"options":[]}}'],
  ])('is not taken from a file that %s, and the file is read again', async (_, text) => {
    await writePoll(text);
    feed.start();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(seen).toEqual([]);
    await writePoll();
    await until(() => expect(seen).toMatchObject([{ round: 'drinks' }]));
  });
});

describe('the clock', () => {
  it.each([
    ['equal', 0],
    ['behind', 2_500],
    ['ahead', -2_500],
  ])('of this service is %s of front’s by what front tells', async (_, ahead) => {
    front.definition = definition();
    front.clockAhead = ahead;
    expect(feed.skewMs).toBeNull();
    feed.start();
    await until(() => expect(feed.skewMs).toBe(0 - ahead));
    front.clockAhead = 0;
    await until(() => expect(feed.skewMs).toBe(0));
  });
});

describe('the numbers', () => {
  it('are asked for with a receipt of the round, and kept while front is away', async () => {
    front.definition = definition();
    front.results = shownResults();
    feed.start();
    await until(() => expect(feed.snapshotOf('drinks')?.results?.options[0]?.votes).toBe(2));
    expect(feed.snapshotOf('drinks')?.totals).not.toHaveProperty('options');
    expect(feed.snapshotOf('snacks')).toBeNull();
    const [scheme, receipt] = front.authorization!.split(' ');
    expect([scheme, isReceipt(KEY, 'drinks', receipt!)]).toEqual(['Bearer', true]);
    front.down = true;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(feed.snapshotOf('drinks')?.results).not.toBeNull();
  });

  it('are totals alone while front hides them', async () => {
    front.definition = definition({ visibility: 'AfterClose' });
    front.results = hidden();
    feed.start();
    await until(() => expect(feed.snapshotOf('drinks')).toMatchObject({ results: null, totals: { cast: 3 } }));
  });
});

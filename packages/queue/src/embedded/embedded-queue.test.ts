import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Delivery, QueueUnavailable } from '../port.ts';
import { type EmbeddedQueue, openEmbeddedQueue } from './embedded-queue.ts';
import { JournalCorrupt } from './errors.ts';

const HEADERS = { sentAt: 1, votes: 1 };

let directory: string;
let queue: EmbeddedQueue | undefined;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'voteapp-embedded-'));
});

afterEach(async () => {
  await queue?.close();
  fs.rmSync(directory, { recursive: true });
});

async function open(onFailure?: (error: Error) => void): Promise<EmbeddedQueue> {
  queue = await openEmbeddedQueue({ directory, segmentBytes: 3_000_000, ...(onFailure && { onFailure }) });
  await queue.declare(1);
  return queue;
}

async function takeAll(from: EmbeddedQueue, maxVotes: number): Promise<Delivery[]> {
  const subscription = from.subscribe(0);
  const taken: Delivery[] = [];
  while ((await subscription.ready()) > 0) taken.push(...(await subscription.take(maxVotes)));
  return taken;
}

function journalPath(): string {
  return join(directory, 'shard-0', '00000000000000000000.journal');
}

test('1,000 concurrent publishes share a few syncs', async () => {
  const opened = await open();
  const publisher = opened.publisher();
  await Promise.all(Array.from({ length: 1_000 }, () => publisher.publish(0, Buffer.alloc(500), HEADERS)));
  expect(opened.syncs).toBeGreaterThan(0);
  expect(opened.syncs).toBeLessThan(100);
});

test('a backlog far over what is read ahead is delivered whole and in order', async () => {
  const publisher = (await open()).publisher();
  const count = 60;
  // 12 MB: several reads, several segments, a last record in a read that does not fit whole.
  await Promise.all(
    Array.from({ length: count }, (_, index) => publisher.publish(0, Buffer.alloc(200_000 + index, index), HEADERS)),
  );
  const taken = await takeAll(queue!, 7);
  expect(taken.map(({ body }) => body.byteLength)).toEqual(
    Array.from({ length: count }, (_, index) => 200_000 + index),
  );
  expect(taken.every(({ body }, index) => body.every((byte) => byte === index))).toBe(true);
});

test('a take gives as much as maxVotes allows', async () => {
  const publisher = (await open()).publisher();
  for (const votes of [3, 4, 5, 0, 0, 9]) await publisher.publish(0, Buffer.alloc(1), { sentAt: 1, votes });
  const subscription = queue!.subscribe(0);
  const votesOf = (deliveries: readonly Delivery[]): number[] => deliveries.map(({ headers }) => headers.votes);
  expect(votesOf(await subscription.take(7))).toEqual([3, 4]);
  expect(votesOf(await subscription.take(7))).toEqual([5, 0, 0]);
  expect(votesOf(await subscription.take(7))).toEqual([9]);
});

test('takes that wait at the same time share what comes, none of it twice', async () => {
  const publisher = (await open()).publisher();
  const subscription = queue!.subscribe(0);
  const takes = Promise.all([subscription.take(1), subscription.take(1), subscription.take(1)]);
  await Promise.all(['a', 'b', 'c'].map((text) => publisher.publish(0, Buffer.from(text), HEADERS)));
  expect((await takes).flat().map(({ body }) => Buffer.from(body).toString())).toEqual(['a', 'b', 'c']);
});

test('closing the queue first finishes the publishes that were handed in', async () => {
  const publisher = (await open()).publisher();
  const published = Array.from({ length: 50 }, () => publisher.publish(0, Buffer.alloc(100), HEADERS));
  await queue!.close();
  await Promise.all(published);
  expect(await takeAll(await open(), 1_000)).toHaveLength(50);
});

test('a message over 1 MiB is the caller’s mistake', async () => {
  const publisher = (await open()).publisher();
  await expect(publisher.publish(0, Buffer.alloc(1024 * 1024), HEADERS)).rejects.toThrow(RangeError);
});

describe('opening', () => {
  test('a folder with an unfinished write works, and a warning says what was cut', async () => {
    await (await open()).publisher().publish(0, Buffer.from('whole'), HEADERS);
    await queue!.close();
    const { size } = fs.statSync(journalPath());
    fs.appendFileSync(journalPath(), 'torn');
    const { warnings } = await open();
    expect(warnings).toEqual([
      `Cut 4 bytes of an unfinished write off ${journalPath()}; they are kept in 00000000000000000000.journal.torn-${size}.`,
    ]);
    expect(await takeAll(queue!, 1_000)).toHaveLength(1);
  });

  test('a damaged folder rejects with JournalCorrupt', async () => {
    const publisher = (await open()).publisher();
    for (let each = 0; each < 8; each++) await publisher.publish(0, Buffer.alloc(1_000_000), HEADERS);
    await queue!.close();
    const fd = fs.openSync(journalPath(), 'r+');
    fs.writeSync(fd, 'damage', 1_000);
    fs.closeSync(fd);
    await expect(openEmbeddedQueue({ directory })).rejects.toThrow(JournalCorrupt);
  });

  test('a path that is no folder rejects with QueueUnavailable', async () => {
    const file = join(directory, 'file');
    fs.writeFileSync(file, '');
    await expect(openEmbeddedQueue({ directory: file })).rejects.toThrow(QueueUnavailable);
  });
});

test('a confirmed record that is found damaged ends the queue, and its owner is told', async () => {
  const failures: Error[] = [];
  const opened = await open((error) => failures.push(error));
  const publisher = opened.publisher();
  await publisher.publish(0, Buffer.from('stored'), HEADERS);
  const fd = fs.openSync(journalPath(), 'r+');
  fs.writeSync(fd, 'X', 20);
  fs.closeSync(fd);
  await expect(opened.subscribe(0).take(1)).rejects.toThrow(QueueUnavailable);
  expect(failures).toEqual([expect.any(JournalCorrupt)]);
  await expect(publisher.publish(0, Buffer.from('x'), HEADERS)).rejects.toThrow(QueueUnavailable);
  await expect(opened.ping()).rejects.toThrow(QueueUnavailable);
});

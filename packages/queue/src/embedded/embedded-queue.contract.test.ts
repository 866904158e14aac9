import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeQueue } from '../contract/queue-contract.ts';
import { openEmbeddedQueue } from './embedded-queue.ts';

describeQueue('the embedded queue', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'voteapp-queue-'));
  return {
    open: () => openEmbeddedQueue({ directory }),
    remove: () => rm(directory, { recursive: true }),
  };
});

// Segments so small that every few messages begin a new one.
describeQueue('the embedded queue with many segments', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'voteapp-queue-'));
  return {
    open: () => openEmbeddedQueue({ directory, segmentBytes: 100 }),
    remove: () => rm(directory, { recursive: true }),
  };
});

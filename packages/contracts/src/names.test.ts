import { expect, test } from 'vitest';

import { deadLetterQueueName, queueName, shardOfQueue } from './names.ts';

const app = { namespace: 'shows', name: 'final' };

test.each([
  { title: 'the queue of shard 0', name: queueName(app, 0), shard: 0 },
  { title: 'the queue of shard 12', name: queueName(app, 12), shard: 12 },
  { title: 'the dead letters', name: deadLetterQueueName(app), shard: null },
  { title: 'a shard of another app', name: queueName({ ...app, name: 'other' }, 1), shard: null },
  { title: 'another spelling of a number', name: `${queueName(app, 1)}.0`, shard: null },
  { title: 'leading zeros', name: queueName(app, 0).replace(/0$/, '00'), shard: null },
  { title: 'nothing', name: '', shard: null },
])('shard of a queue’s name: $title', ({ name, shard }) => {
  expect(shardOfQueue(app, name)).toBe(shard);
});

import { parsePollFile } from '@voteapp/contracts/poll-file';
import { expect, test } from 'vitest';

import { Objects } from './fixtures/objects.ts';
import { votingApp } from './fixtures/voting-app.ts';

const poll = { title: 'Coca or Pepsi? 🗳', closesAt: '2026-12-20T22:50:00-03:00', shards: 8 };

function fileOf(app: ReturnType<typeof votingApp>): ReturnType<typeof parsePollFile> {
  const { data } = new Objects(app).get('ConfigMap', 'shop-poll');
  expect(Object.keys(data ?? {})).toEqual(['poll.json']);
  return parsePollFile(data?.['poll.json'] ?? '');
}

test('the services can read it, and it is the poll', () => {
  expect(fileOf(votingApp({ poll })).base).toMatchObject({
    title: 'Coca or Pepsi? 🗳',
    options: [{ id: 'coca' }, { id: 'pepsi' }],
    shards: 8,
  });
});

test('a poll without an id is the round that its resource is named after', () => {
  const named = fileOf(votingApp({ poll }));
  expect(named.base).toEqual(fileOf(votingApp({ poll: { ...poll, id: 'shop' } })).base);
});

test('its revision grows with every edit of the resource', () => {
  expect([1, 7].map((generation) => fileOf(votingApp({ poll }, { generation })).revision)).toEqual([1, 7]);
});

test('the revision is the first before a cluster has the resource', () => {
  expect(fileOf(votingApp({ poll }, { generation: undefined })).revision).toBe(1);
});

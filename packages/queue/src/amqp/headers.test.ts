import { expect, test } from 'vitest';

import type { MessageHeaders } from '@voteapp/contracts/message';

import { decodeHeaders, encodeHeaders } from './headers.ts';

const ARRIVAL = 1_764_000_000_000;

test.each<{ title: string; headers: Record<string, unknown>; decoded: MessageHeaders }>([
  { title: 'none', headers: {}, decoded: { sentAt: ARRIVAL, votes: 1 } },
  { title: 'texts', headers: { sentAt: '5', votes: '5' }, decoded: { sentAt: ARRIVAL, votes: 1 } },
  { title: 'numbers out of range', headers: { sentAt: -1, votes: 1.5 }, decoded: { sentAt: ARRIVAL, votes: 1 } },
  { title: 'no number', headers: { sentAt: NaN, votes: Infinity }, decoded: { sentAt: ARRIVAL, votes: 1 } },
  {
    title: 'a trace of another type',
    headers: { sentAt: 1, votes: 0, traceparent: 7 },
    decoded: { sentAt: 1, votes: 0 },
  },
  { title: 'others beside', headers: { sentAt: 1, votes: 2, 'x-death': [] }, decoded: { sentAt: 1, votes: 2 } },
])('headers that somebody else may write: $title', ({ headers, decoded }) => {
  expect(decodeHeaders(headers, ARRIVAL)).toEqual(decoded);
});

test('what is encoded is decoded', () => {
  const headers = { sentAt: 1_764_000_000_123, votes: 2_000, traceparent: '00-0af7-b7ad-01' };
  expect(decodeHeaders(encodeHeaders(headers), ARRIVAL)).toStrictEqual(headers);
});

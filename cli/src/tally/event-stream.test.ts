import { expect, test } from 'vitest';

import { type StreamedEvent, streamedEvents } from './event-stream.ts';

async function* pieces(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const TEXT =
  'retry: 1000\n\nevent: results\nid: 1\ndata: {"title":"São"}\n\n:\n\nevent: totals\r\ndata:one\r\ndata: two\r\n\r\ndata: last\n\ndata: cut';

test.each([1, 2, 7, 1000])('events are read in pieces of %i bytes', async (length) => {
  const events: StreamedEvent[] = [];
  for await (const event of streamedEvents(pieces(TEXT, length))) events.push(event);
  expect(events).toEqual([
    { type: 'results', data: '{"title":"São"}' },
    { type: 'totals', data: 'one\ntwo' },
    { type: 'message', data: 'last' },
  ]);
});

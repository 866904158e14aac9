import { expect, it } from 'vitest';

import { StreamReader, waitsOf } from './stream-reader.ts';

it('events of a stream are found however they are cut', () => {
  const stream =
    'HTTP/1.1 200 OK\r\n\r\nretry: 1\n\n1f\r\nevent: results\ndata: {"accepted":12,"cast":3}\n\n:\n\ndata: {"accepted":345}\n\n';
  for (let length = 1; length <= stream.length; length += 1) {
    const shown: number[] = [];
    const reader = new StreamReader((accepted) => shown.push(accepted));
    for (let at = 0; at < stream.length; at += length) reader.read(stream.slice(at, at + length));
    expect(shown).toEqual([12, 345]);
  }
});

it('an event is as late as the oldest vote that is new in it', () => {
  const bursts = { startedAt: 1_000, tickMs: 200, perTick: 10 };
  const shown = [
    { accepted: 50, at: 990 },
    { accepted: 60, at: 1_040 },
    { accepted: 75, at: 1_430 },
    { accepted: 75, at: 1_500 },
    { accepted: 80, at: 1_450 },
  ];
  // The second burst was due at 1,200; what is left of the third at 1,400.
  expect(waitsOf(shown, bursts, 50)).toEqual([40, 230, 50]);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeMessage,
  encodeBeat,
  encodeEntry,
  encodeMarker,
  encodeVotes,
  MalformedMessage,
  minuteOf,
  SEQ_PER_MS,
  type VoteEntry,
} from './message.ts';

const head = { round: 'shop', def: 3, producer: '00112233aabbccdd', shard: 1, n: 7, nonce: 'bm9uY2U' };
const tag = Buffer.alloc(16, 1).toString('base64url');

const entries = fc.array(
  fc.tuple(
    fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    fc.nat(49),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    fc.option(fc.constant(tag), { nil: undefined }),
  ),
);

describe('message v1', () => {
  it('brings every batch of votes back', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const votes = list.map(([t, o, s, i]): VoteEntry => (i === undefined ? [t, o, s] : [t, o, s, i]));
        const bytes = encodeVotes(
          head,
          votes.map(([t, o, s, i]) => encodeEntry(t, o, s, i)),
        );
        expect(decodeMessage(bytes)).toEqual({ v: 1, ...head, votes });
      }),
    );
  });

  it('brings a beat and a marker back', () => {
    const beat = { b: 2, last: 7, clock: 1_000, closed: true, refused: { poll_closed: 3 } };
    const { n: _n, nonce: _nonce, ...producer } = head;
    expect(decodeMessage(encodeBeat({ ...producer, beat }))).toEqual({ v: 1, ...producer, beat });
    const marker = { round: 'shop', shard: 0, marker: 2 };
    expect(decodeMessage(encodeMarker(marker))).toEqual({ v: 1, ...marker });
  });

  it.each<[string, string, string]>([
    ['text', 'hello', 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['null', 'null', 'not a JSON object'],
    ['another version', '{"v":2}', '"v" is not 1'],
    ['no round', '{"v":1}', '"round" is not a name'],
    ['no shard', '{"v":1,"round":"r"}', '"shard" is not a shard number'],
    ['a marker of 0', '{"v":1,"round":"r","shard":0,"marker":0}', '"marker" is not a positive integer'],
    ['no producer', '{"v":1,"round":"r","shard":0}', '"producer" is not 16 hexadecimal digits'],
    [
      'a batch without number',
      '{"v":1,"round":"r","shard":0,"def":1,"producer":"0011223344556677"}',
      '"n" is not a batch number',
    ],
    [
      'votes that are no list',
      '{"v":1,"round":"r","shard":0,"def":1,"producer":"0011223344556677","n":1,"nonce":"","votes":{}}',
      '"votes" is not a list',
    ],
    [
      'a beat without numbers',
      '{"v":1,"round":"r","shard":0,"def":1,"producer":"0011223344556677","beat":{}}',
      '"beat" is not a beat',
    ],
  ])('refuses %s', (_, text, reason) => {
    expect(() => decodeMessage(Buffer.from(text))).toThrow(new MalformedMessage(reason));
  });

  it('keeps good votes beside entries that are none', () => {
    const good = [tag, 0, 1];
    const bad = [
      null,
      'x',
      [],
      ['short', 0, 1],
      [tag, -1, 1],
      [tag, 0.5, 1],
      [tag, 0, 0],
      [tag, 0, 1, 'x'],
      [...good, tag, 1],
    ];
    const bytes = Buffer.from(JSON.stringify({ v: 1, ...head, votes: [...bad, good] }));
    expect(decodeMessage(bytes)).toMatchObject({ votes: [...bad.map(() => null), good] });
  });

  it('never throws anything but MalformedMessage', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
        ),
        (bytes) => {
          try {
            decodeMessage(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
          }
        },
      ),
    );
  });
});

describe('minuteOf', () => {
  it('is the minute of the clock in the seq', () => {
    const time = Date.parse('2026-11-20T21:59:59.999Z');
    expect(minuteOf(time * SEQ_PER_MS + 4_095) * 60_000).toBe(Date.parse('2026-11-20T21:59:00Z'));
    expect(minuteOf((time + 1) * SEQ_PER_MS) * 60_000).toBe(Date.parse('2026-11-20T22:00:00Z'));
  });
});

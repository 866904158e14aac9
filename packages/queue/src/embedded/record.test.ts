import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { MessageHeaders } from '@voteapp/contracts/message';

import { decodePayload, encodeRecord, MAX_PAYLOAD_BYTES, scanRecords } from './record.ts';

const messages = fc.array(
  fc.record({
    headers: fc.record(
      { sentAt: fc.nat(), votes: fc.nat(2_000), traceparent: fc.string({ unit: 'binary' }) },
      { requiredKeys: ['sentAt', 'votes'] },
    ),
    body: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 1, maxLength: 8 },
);

function encodeAll(list: readonly { headers: MessageHeaders; body: Uint8Array }[]): Buffer[] {
  return list.map(({ headers, body }) => encodeRecord(headers, body));
}

function payloads(bytes: Buffer): Buffer[] {
  return scanRecords(bytes).records.map(({ payload }) => payload);
}

describe('a record', () => {
  test('has the documented bytes', () => {
    const record = encodeRecord({ sentAt: 7, votes: 1 }, Buffer.from('hello'));
    expect(record.toString('latin1', 10)).toBe('{"sentAt":7,"votes":1}hello');
    expect(record.readUInt32LE(0)).toBe(record.length - 8);
    expect(record.readUInt16LE(8)).toBe('{"sentAt":7,"votes":1}'.length);
    expect(record.readUInt32LE(4)).toBe(0x3d_34_ab_e3);
  });

  test('gives back its message, wherever it stands in the file', () => {
    fc.assert(
      fc.property(messages, (list) => {
        const bytes = Buffer.concat(encodeAll(list));
        const { records, validBytes } = scanRecords(bytes);
        expect(validBytes).toBe(bytes.length);
        expect(records.at(-1)?.end).toBe(bytes.length);
        const read = records.map(({ payload }) => decodePayload(payload));
        expect(read).toEqual(list.map(({ headers, body }) => ({ headers, body: Buffer.from(body) })));
      }),
    );
  });

  test('owns its memory, so that transferring it takes nothing else away', () => {
    const record = encodeRecord({ sentAt: 7, votes: 1 }, Buffer.from('hello'));
    expect(record.buffer.byteLength).toBe(record.byteLength);
  });

  test('over 1 MiB is refused', () => {
    expect(() => encodeRecord({ sentAt: 7, votes: 1 }, Buffer.alloc(MAX_PAYLOAD_BYTES))).toThrow(RangeError);
  });
});

describe('scanning', () => {
  const first = encodeRecord({ sentAt: 1, votes: 1 }, Buffer.from('first'));
  const withLength = (length: number): Buffer => {
    const record = encodeRecord({ sentAt: 2, votes: 1 }, Buffer.from('second'));
    record.writeUInt32LE(length, 0);
    return record;
  };

  test.each([
    { title: 'nothing', tail: Buffer.alloc(0) },
    { title: 'less than a head', tail: Buffer.alloc(7, 1) },
    { title: 'zeros', tail: Buffer.alloc(4_096) },
    { title: 'a length of zero', tail: withLength(0) },
    {
      title: 'a length over the limit',
      tail: Buffer.concat([withLength(MAX_PAYLOAD_BYTES + 1), Buffer.alloc(2_000_000)]),
    },
    { title: 'the largest length there is', tail: withLength(0xff_ff_ff_ff) },
    { title: 'a length beyond the end', tail: withLength(1_000) },
    { title: 'a length that is too small', tail: withLength(10) },
  ])('stops before $title', ({ tail }) => {
    const { records, validBytes } = scanRecords(Buffer.concat([first, tail]));
    expect(records).toHaveLength(1);
    expect(validBytes).toBe(first.length);
  });

  test('a cut gives exactly the records that are whole', () => {
    fc.assert(
      fc.property(messages, fc.nat(), (list, at) => {
        const encoded = encodeAll(list);
        const bytes = Buffer.concat(encoded);
        const cut = at % (bytes.length + 1);
        let end = 0;
        const whole = encoded.filter((record) => (end += record.length) <= cut);
        expect(payloads(bytes.subarray(0, cut))).toEqual(whole.map((record) => record.subarray(8)));
      }),
    );
  });

  test('a changed byte ends the valid part before its record', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, flip) => {
        const encoded = encodeAll(list);
        const bytes = Buffer.concat(encoded);
        const damaged = at % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(damaged) ^ flip, damaged);
        let end = 0;
        const before = encoded.filter((record) => (end += record.length) <= damaged);
        expect(payloads(bytes)).toEqual(before.map((record) => record.subarray(8)));
      }),
    );
  });
});

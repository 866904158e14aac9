import { expect, test } from 'vitest';

import { decodeMessage, encodeMessage } from './message.ts';

const HEADERS = { sentAt: 1_764_000_000_000, votes: 7 };

test('a message of ours travels as the text that it is', () => {
  const { body, attributes } = encodeMessage(3, Buffer.from('{"v":1}'), HEADERS);
  expect(body).toBe('{"v":1}');
  expect(attributes).toEqual({
    sentAt: { DataType: 'Number', StringValue: '1764000000000' },
    votes: { DataType: 'Number', StringValue: '7' },
    shard: { DataType: 'Number', StringValue: '3' },
  });
});

test.each([
  { title: 'nothing', body: Buffer.alloc(0) },
  { title: 'bytes that are no text', body: Buffer.from([0, 1, 255]) },
  { title: 'letters beyond ASCII', body: Buffer.from('não') },
  { title: 'what looks like base64', body: Buffer.from('AAAA') },
])('$title arrives unchanged', ({ body }) => {
  const { body: Body, attributes } = encodeMessage(1, body, { ...HEADERS, traceparent: '00-ab-cd-01' });
  expect(Body).toMatch(/^[\t\n\r -~]+$/);
  expect(decodeMessage({ Body, MessageAttributes: attributes }, 0)).toEqual({
    body,
    headers: { ...HEADERS, traceparent: '00-ab-cd-01' },
    redelivered: false,
    shard: 1,
  });
});

test.each([
  { title: 'no attributes', message: { Body: 'stray' } },
  { title: 'no number where one belongs', message: { Body: 'stray', MessageAttributes: odd('many') } },
  { title: 'a negative number', message: { Body: 'stray', MessageAttributes: odd('-1') } },
  { title: 'a number beyond the safe ones', message: { Body: 'stray', MessageAttributes: odd('9007199254740993') } },
])('a message with $title counts as one vote for shard 0 that was sent when it arrived', ({ message }) => {
  expect(decodeMessage(message, 42)).toEqual({
    body: Buffer.from('stray'),
    headers: { sentAt: 42, votes: 1 },
    redelivered: false,
    shard: 0,
  });
});

test('what SQS counts as received before is redelivered', () => {
  expect(decodeMessage({ Body: 'x', Attributes: { ApproximateReceiveCount: '2' } }, 0).redelivered).toBe(true);
});

function odd(value: string) {
  const attribute = { DataType: 'Number', StringValue: value };
  return { sentAt: attribute, votes: attribute, shard: attribute };
}

import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';

import type { MessageHeaders } from '@voteapp/contracts/message';

import type { DeadLetter } from '../port.ts';

/** A message as SQS takes it. */
export interface OutgoingMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** What it counts against the limits of SQS. */
  readonly bytes: number;
}

// SQS carries text, at least one character of it, and not every character. Ours is JSON in ASCII, and goes as it is.
const PLAIN = /^[\t\n\r -~]+$/;
const BASE64 = 'base64';

function attribute(value: string | number): MessageAttributeValue {
  return { DataType: typeof value === 'number' ? 'Number' : 'String', StringValue: String(value) };
}

export function encodeMessage(shard: number, body: Uint8Array, headers: MessageHeaders): OutgoingMessage {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString('latin1');
  const plain = PLAIN.test(text);
  const { sentAt, votes, traceparent } = headers;
  const values = {
    sentAt,
    votes,
    shard,
    ...(traceparent !== undefined && { traceparent }),
    ...(!plain && { encoding: BASE64 }),
  };
  // The space makes a text of an empty body too; whoever reads base64 skips it.
  const sent = plain ? text : ` ${bytes.toString(BASE64)}`;
  const attributes = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, attribute(value)]));
  const sizes = Object.entries(values).map(([name, value]) => name.length + 'Number'.length + String(value).length);
  return { body: sent, attributes, bytes: sizes.reduce((sum, size) => sum + size, sent.length) };
}

function count(value: string | undefined): number | undefined {
  const number = value === undefined || !/^\d+$/.test(value) ? NaN : Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Never fails: what somebody else put into the queue counts as one vote for shard 0 sent when it arrived, ms. */
export function decodeMessage({ Body = '', MessageAttributes = {}, Attributes }: Message, arrival: number): DeadLetter {
  const value = (name: string): string | undefined => MessageAttributes[name]?.StringValue;
  const traceparent = value('traceparent');
  return {
    body: Buffer.from(Body, value('encoding') === BASE64 ? BASE64 : 'utf8'),
    headers: {
      sentAt: count(value('sentAt')) ?? arrival,
      votes: count(value('votes')) ?? 1,
      ...(traceparent !== undefined && { traceparent }),
    },
    redelivered: (count(Attributes?.ApproximateReceiveCount) ?? 1) > 1,
    shard: count(value('shard')) ?? 0,
  };
}

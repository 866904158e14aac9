import type { MessageHeaders } from '@voteapp/contracts/message';

/** As AMQP headers. */
export function encodeHeaders({ sentAt, votes, traceparent }: MessageHeaders): Record<string, number | string> {
  return traceparent === undefined ? { sentAt, votes } : { sentAt, votes, traceparent };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Never fails: what somebody else put into the queue counts as one vote sent when it arrived, ms. */
export function decodeHeaders(headers: Readonly<Record<string, unknown>>, arrival: number): MessageHeaders {
  const { sentAt, votes, traceparent } = headers;
  return {
    sentAt: count(sentAt) ?? arrival,
    votes: count(votes) ?? 1,
    ...(typeof traceparent === 'string' && { traceparent }),
  };
}

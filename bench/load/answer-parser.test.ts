import { describe, expect, it } from 'vitest';

import { AnswerParser } from './answer-parser.ts';

function statusesOf(...chunks: readonly string[]): number[] {
  const statuses: number[] = [];
  const parser = new AnswerParser((status) => statuses.push(status));
  for (const chunk of chunks) parser.read(Buffer.from(chunk));
  return statuses;
}

const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n{"a":"\r\n\r\n"}';
const EMPTY = 'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length:0\r\nx-content-length: 9\r\n\r\n';

describe('answers', () => {
  it.each([
    ['one alone', [ACCEPTED], [202]],
    ['one without a body', [EMPTY], [503]],
    ['several at once', [ACCEPTED + EMPTY + ACCEPTED], [202, 503, 202]],
    ['one byte at a time', (ACCEPTED + EMPTY).split(''), [202, 503]],
    ['half of one', [ACCEPTED.slice(0, -3)], []],
  ])('%s', (_, chunks, statuses) => expect(statusesOf(...chunks)).toEqual(statuses));

  it('are refused when nothing tells their end', () => {
    expect(() => statusesOf('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')).toThrow('content-length');
  });
});

import type { IncomingHttpHeaders } from 'node:http';

import { MAX_BODY_BYTES } from '@voteapp/contracts/http/vote';

/** A whole POST request. */
export interface PlainRequest {
  /** As in the request line: path and query. */
  readonly target: string;
  /** Names in lower case; none of them came twice. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The client asks for no further one over its connection. */
  readonly isLast: boolean;
}

/** Node's own limit for the head of a request. */
const MAX_HEAD_BYTES = 16_384;

const REQUEST_LINE = /^POST (\/[!-~]*) HTTP\/1\.1$/;
/** RFC 9110 §5: a token, and a value of visible ASCII, spaces and tabs. */
const FIELD = /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[\t ]*([\t -~]*)$/;
/** Each of them changes how the rest is to be read, or who has to answer. */
const UNUSUAL_FIELDS: ReadonlySet<string> = new Set(['transfer-encoding', 'expect', 'upgrade']);
/** How the client wants its connection, and whether that is its end. */
const CONNECTION = new Map([
  ['', false],
  ['keep-alive', false],
  ['close', true],
]);
const LENGTH = /^\d{1,5}$/;

/**
 * A request for which there is one reading only: a single POST of HTTP/1.1 that is all of `bytes`, with a length, a host,
 * no field twice and nothing but ASCII in its head (RFC 9112). null for all others, good and bad ones.
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | null {
  if (bytes.length > MAX_HEAD_BYTES) return null;
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const target = REQUEST_LINE.exec(first)?.[1];
  const headers = target === undefined ? null : headersOf(lines);
  if (target === undefined || headers === null) return null;
  const isLast = CONNECTION.get((headers.connection ?? '').toLowerCase());
  const { host, 'content-length': length = '' } = headers;
  if (isLast === undefined || host === undefined || !LENGTH.test(length)) return null;
  const body = bytes.subarray(end + 4);
  return body.length === Number(length) && body.length <= MAX_BODY_BYTES ? { target, headers, body, isLast } : null;
}

function headersOf(lines: readonly string[]): IncomingHttpHeaders | null {
  const headers: IncomingHttpHeaders = {};
  for (const line of lines) {
    const [, given, value = ''] = FIELD.exec(line) ?? [];
    if (given === undefined) return null;
    const name = given.toLowerCase();
    // What every object has would count as there already, too.
    if (headers[name] !== undefined || UNUSUAL_FIELDS.has(name)) return null;
    headers[name] = value.trimEnd();
  }
  return headers;
}

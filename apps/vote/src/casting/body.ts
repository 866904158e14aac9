import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

import { RequestError } from '@voteapp/contracts/errors';
import { MAX_BODY_BYTES } from '@voteapp/contracts/http/vote';
import { problemsOf, sentence } from '@voteapp/contracts/problems';
import type * as z from 'zod';

import type { RequestFacts } from './caller.ts';

/** Who is told of a body: of the one or of the other, or of neither, when the client goes away before its end. */
export interface BodyReader {
  whole(body: Buffer): void;
  /** With `body_too_large`, as soon as that is known; nothing is read any further. */
  refused(refusal: RequestError): void;
}

export function readBody(request: IncomingMessage, reader: BodyReader): void {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    refuse(request, reader);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > MAX_BODY_BYTES) refuse(request, reader);
  });
  request.on('end', () => {
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    // The request has this function until it is answered.
    chunks.length = 0;
    reader.whole(body);
  });
}

function refuse(request: IncomingMessage, reader: BodyReader): void {
  request.removeAllListeners('data').removeAllListeners('end').pause();
  reader.refused(new RequestError('body_too_large'));
}

/** The body as text. Throws `unsupported_media_type`, and `malformed_body` where it is not UTF-8. */
export function textOf(body: Buffer, request: RequestFacts, type: string): string {
  const [given] = (request.headers['content-type'] ?? '').split(';', 1);
  if (given?.trim().toLowerCase() !== type) {
    throw new RequestError('unsupported_media_type', { message: `Send the vote as ${type}.` });
  }
  if (!isUtf8(body)) throw new RequestError('malformed_body', { message: 'The body is not valid UTF-8.' });
  return body.toString();
}

/** The fields of a JSON object. Throws `malformed_body`, and `invalid_field` with the first field that does not fit. */
export function jsonFields<Schema extends z.ZodObject>(
  body: Buffer,
  request: RequestFacts,
  schema: Schema,
): z.output<Schema> {
  const text = textOf(body, request, 'application/json');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError('malformed_body');
  }
  return fieldsOf(value, schema);
}

function fieldsOf<Schema extends z.ZodObject>(value: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [problem] = problemsOf(parsed.error);
  if (problem === undefined || problem.path === '') throw new RequestError('malformed_body');
  throw new RequestError('invalid_field', { message: `${sentence(problem)}.`, field: problem.path });
}

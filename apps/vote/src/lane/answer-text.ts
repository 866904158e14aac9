import { STATUS_CODES } from 'node:http';

import { headersOf, type Reply } from '../casting/reply.ts';

/**
 * An answer as Node's server would send it; `keepAliveMs` null: the connection closes after it. Values of headers are not
 * looked at: they are our own words, ids and signatures, and no text of a caller.
 */
export function answerText(reply: Reply, keepAliveMs: number | null): string {
  const { status, body } = reply;
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const [name, value] of Object.entries(headersOf(reply))) {
    for (const each of Array.isArray(value) ? value : [value]) text += `${name}: ${each}\r\n`;
  }
  const connection =
    keepAliveMs === null ? 'Connection: close' : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1_000}`;
  return `${text}Date: ${today()}\r\n${connection}\r\n\r\n${body}`;
}

let date = '';
let second = 0;

/** The date as HTTP writes it, made once a second. */
function today(): string {
  const now = Math.floor(Date.now() / 1_000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1_000).toUTCString();
  }
  return date;
}

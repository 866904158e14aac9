import { type LogLevel, levelOfWord } from './levels.ts';

/** A container whose log is read. */
export interface LogSource {
  readonly pod: string;
  readonly component: string;
  readonly container: string;
}

/** A line that a container wrote. */
export interface LogLine {
  readonly source: LogSource;
  /** When the node took it, RFC 3339 with nanoseconds. */
  readonly stamp: string;
  /** The same, in ms since the epoch. */
  readonly at: number;
  readonly text: string;
  /** Null: it says none. */
  readonly level: LogLevel | null;
  /** What it holds as JSON; null: it is none. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

const BRACKETED = /\[([A-Za-z]+)\]/g;

function fieldsOf(text: string): LogLine['fields'] {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

function levelOf(text: string, fields: LogLine['fields']): LogLevel | null {
  if (fields !== null) return typeof fields['level'] === 'string' ? levelOfWord(fields['level']) : null;
  // As "[Warning]" of MySQL and "[warning]" of RabbitMQ.
  for (const [, word = ''] of text.matchAll(BRACKETED)) {
    const level = levelOfWord(word);
    if (level !== null) return level;
  }
  return null;
}

/** A line as the API server gives it with its time; null where it has none. */
export function logLine(source: LogSource, stamped: string): LogLine | null {
  const space = stamped.indexOf(' ');
  const stamp = space === -1 ? stamped : stamped.slice(0, space);
  const at = Date.parse(stamp);
  if (Number.isNaN(at)) return null;
  const text = space === -1 ? '' : stamped.slice(space + 1).trimEnd();
  const fields = fieldsOf(text);
  return { source, stamp, at, text, level: levelOf(text, fields), fields };
}

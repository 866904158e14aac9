import { stripVTControlCharacters } from 'node:util';

import { tinted, toned, type Tone } from '../terminal/colour.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { LogLevel } from './levels.ts';
import type { LogLine, LogSource } from './line.ts';

const LEVEL_TONES: Readonly<Record<LogLevel, Tone>> = {
  trace: 'faint',
  debug: 'faint',
  info: 'good',
  warn: 'careful',
  error: 'bad',
  fatal: 'bad',
};
const LEVEL_WIDTH = 5;
/** With what the database and the broker begin their lines. */
const OWN_TIME = /^\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)? +/;
const SAID = new Set(['level', 'time', 'service', 'msg']);

/** A pod by its part and what tells it from the others, as "vote-x7k2p" and "mysql-0". */
export function shortPod({ pod, component }: LogSource): string {
  return `${component}-${pod.slice(pod.lastIndexOf('-') + 1)}`;
}

/** As a log may hold what strangers sent, nothing of it may steer the terminal. */
function harmless(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ');
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  const { message } = (value ?? {}) as { message?: unknown };
  return typeof message === 'string' ? JSON.stringify(message) : JSON.stringify(value);
}

function words({ text, fields }: LogLine, terminal: Pick<Terminal, 'hasColour'>): string {
  if (fields === null) return harmless(text.replace(OWN_TIME, ''));
  const { msg = '' } = fields;
  const rest = Object.entries(fields)
    .filter(([name]) => !SAID.has(name))
    .map(([name, value]) => `${name}=${shownValue(value)}`);
  const message = typeof msg === 'string' ? msg : JSON.stringify(msg);
  return [harmless(message), ...rest.map((field) => toned(terminal, 'faint', harmless(field)))].join(' ').trim();
}

/**
 * Shows lines to a person: the time by a zone, with the date unless it is of today, the pod in a colour of its own, the
 * level, the words.
 */
export function lineShower(timeZone: string, terminal: Pick<Terminal, 'hasColour' | 'now'>): (line: LogLine) => string {
  // Swedish dates are written 2026-12-20.
  const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
  const pods: string[] = [];
  let width = 0;
  return (line) => {
    const pod = shortPod(line.source);
    if (!pods.includes(pod)) pods.push(pod);
    width = Math.max(width, pod.length);
    const level = (line.level ?? '').padEnd(LEVEL_WIDTH);
    const shownLevel = line.level === null ? level : toned(terminal, LEVEL_TONES[line.level], level);
    const prefix = tinted(terminal, pods.indexOf(pod), pod.padEnd(width));
    const date = calendar.format(line.at);
    const time = `${date === calendar.format(terminal.now()) ? '' : `${date} `}${clock.format(line.at)}`;
    return `${toned(terminal, 'faint', time)} ${prefix} ${shownLevel} ${words(line, terminal)}`;
  };
}

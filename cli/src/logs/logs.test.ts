import { describe, expect, test, vi } from 'vitest';

import { type LogLine, logLine } from './line.ts';
import { levelFilter, merged, Reordered } from './merge.ts';
import { lineShower } from './shown-line.ts';

const VOTE = { pod: 'final-vote-server-7c9d8f-x2k7p', component: 'vote', container: 'vote' };
const MYSQL = { pod: 'final-mysql-0', component: 'mysql', container: 'mysql' };

function line(source: typeof VOTE, second: number, text: string): LogLine {
  return logLine(source, `2026-12-20T22:00:${String(second).padStart(2, '0')}.123456789Z ${text}`)!;
}

function pino(fields: object): string {
  return JSON.stringify({ level: 'info', time: '2026-12-20T22:00:00.000Z', service: 'vote', ...fields });
}

describe('the level of a line', () => {
  test.each([
    [pino({ level: 'warn', msg: 'x' }), 'warn'],
    ['{"msg": "no level"}', null],
    ['{"level": 30}', null],
    ['{ broken', null],
    ['2026-12-20T22:00:00.1Z 0 [Warning] [MY-010068] [Server] CA certificate is self signed.', 'warn'],
    ['2026-12-20T22:00:00.1Z 0 [System] [MY-010931] [Server] ready for connections', 'info'],
    ['2026-12-20 22:00:00.1 [notice] <0.44.0> Logging: switching', 'info'],
    ['2026-12-20 22:00:00.1 [error] <0.44.0> oh', 'error'],
    ['  at Object.<anonymous>', null],
  ])('%s is %s', (text, level) => {
    expect(line(VOTE, 0, text).level).toBe(level);
  });
});

test('what comes without a time is no line', () => {
  expect(logLine(VOTE, 'unable to retrieve container logs')).toBeNull();
});

test('a level shows that one, graver ones, and what goes on from them', () => {
  const shown = levelFilter('error');
  const lines = [
    line(VOTE, 1, pino({ msg: 'quiet' })),
    line(VOTE, 2, '  of the quiet one'),
    line(VOTE, 3, pino({ level: 'error', msg: 'loud' })),
    line(MYSQL, 4, 'nothing said'),
    line(VOTE, 5, '  of the loud one'),
    line(VOTE, 6, pino({ level: 'fatal', msg: 'louder' })),
  ];
  expect(lines.filter(shown).map(({ text }) => text.slice(-12))).toEqual([
    expect.stringContaining('loud'),
    'the loud one',
    expect.stringContaining('louder'),
  ]);
});

async function* log(...lines: readonly LogLine[]): AsyncGenerator<LogLine> {
  yield* lines;
}

test('logs are merged by time', async () => {
  const logs = [log(line(VOTE, 1, 'a'), line(VOTE, 4, 'd')), log(), log(line(MYSQL, 2, 'b'), line(MYSQL, 3, 'c'))];
  const seen: string[] = [];
  for await (const { text } of merged(logs)) seen.push(text);
  expect(seen).toEqual(['a', 'b', 'c', 'd']);
});

test('what is written at once is put in its order', () => {
  vi.useFakeTimers();
  try {
    const seen: string[] = [];
    const reordered = new Reordered(({ text }) => seen.push(text), 200);
    reordered.add(line(VOTE, 2, 'b'));
    reordered.add(line(MYSQL, 1, 'a'));
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(200);
    reordered.add(line(MYSQL, 3, 'c'));
    reordered.flush();
    expect(seen).toEqual(['a', 'b', 'c']);
  } finally {
    vi.useRealTimers();
  }
});

describe('what a person reads', () => {
  const LINES = [
    line(VOTE, 1, pino({ msg: 'Ready', url: 'http://a/b?c=d', n: 3 })),
    line(MYSQL, 2, '2026-12-20T22:00:00.1Z 0 [Warning] [Server] self signed'),
    line(VOTE, 3, pino({ level: 'error', msg: 'It\u001B[2J failed\nbadly', err: { message: 'no route', stack: '…' } })),
    line(MYSQL, 4, 'no level'),
  ];
  test.each([
    [
      false,
      [
        '19:00:01.123 vote-x2k7p info  Ready url="http://a/b?c=d" n=3',
        '19:00:02.123 mysql-0    warn  0 [Warning] [Server] self signed',
        '19:00:03.123 vote-x2k7p error It failed badly err="no route"',
        '19:00:04.123 mysql-0          no level',
      ],
    ],
    [
      true,
      [
        '^[2m19:00:01.123^[22m ^[36mvote-x2k7p^[39m ^[32minfo ^[39m Ready ^[2murl="http://a/b?c=d"^[22m ^[2mn=3^[22m',
        '^[2m19:00:02.123^[22m ^[35mmysql-0   ^[39m ^[33mwarn ^[39m 0 [Warning] [Server] self signed',
        '^[2m19:00:03.123^[22m ^[36mvote-x2k7p^[39m ^[31merror^[39m It failed badly ^[2merr="no route"^[22m',
        '^[2m19:00:04.123^[22m ^[35mmysql-0   ^[39m       no level',
      ],
    ],
  ])('with colour: %s', (hasColour, expected) => {
    const shown = lineShower('America/Sao_Paulo', { hasColour, now: () => Date.parse('2026-12-21T02:59:59Z') });
    expect(LINES.map((each) => shown(each).replaceAll('\u001B', '^'))).toEqual(expected);
  });

  test('has its date when it is not of today', () => {
    const shown = lineShower('America/Sao_Paulo', { hasColour: false, now: () => Date.parse('2026-12-21T03:00:00Z') });
    expect(shown(line(MYSQL, 4, 'x'))).toBe('2026-12-20 19:00:04.123 mysql-0       x');
  });
});

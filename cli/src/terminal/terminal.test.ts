import { afterEach, expect, test, vi } from 'vitest';

import { toned } from './colour.ts';
import { type ColourChoice, processTerminal } from './terminal.ts';

const { stdout } = process;
const before = { isTTY: stdout.isTTY, columns: stdout.columns, rows: stdout.rows };
afterEach(() => {
  Object.assign(stdout, before);
  vi.unstubAllEnvs();
});

interface Surroundings {
  readonly isTTY: boolean;
  readonly choice?: ColourChoice;
  readonly env?: Readonly<Record<string, string>>;
}

const CASES: Record<string, readonly [Surroundings, hasColour: boolean]> = {
  'a terminal': [{ isTTY: true }, true],
  'a pipe': [{ isTTY: false }, false],
  'a terminal with NO_COLOR': [{ isTTY: true, env: { NO_COLOR: '1' } }, false],
  'a terminal with an empty NO_COLOR': [{ isTTY: true, env: { NO_COLOR: '' } }, true],
  'a dumb terminal': [{ isTTY: true, env: { TERM: 'dumb' } }, false],
  'a pipe that is to be coloured': [{ isTTY: false, choice: 'always', env: { NO_COLOR: '1' } }, true],
  'a terminal that is not to be coloured': [{ isTTY: true, choice: 'never' }, false],
};

test.each(Object.entries(CASES))('the colours of %s', (_, [{ isTTY, choice = 'auto', env = {} }, hasColour]) => {
  for (const [name, value] of Object.entries({ NO_COLOR: '', TERM: 'xterm', ...env })) vi.stubEnv(name, value);
  stdout.isTTY = isTTY;
  const terminal = processTerminal(choice);
  try {
    expect(terminal.hasColour).toBe(hasColour);
    expect(toned(terminal, 'good', 'yes')).toBe(hasColour ? '\u001B[32myes\u001B[39m' : 'yes');
  } finally {
    terminal.release();
  }
});

test('a window is as wide as it is now, and a pipe as is read well', () => {
  stdout.isTTY = true;
  const window = processTerminal('auto');
  for (const [columns, expected] of [
    [60, 60],
    [100, 100],
    [10, 40],
  ] as const) {
    Object.assign(stdout, { columns, rows: 20 });
    expect([window.columns, window.rows]).toEqual([expected, 20]);
  }
  window.release();
  stdout.isTTY = false;
  const pipe = processTerminal('auto');
  expect([pipe.columns, pipe.rows]).toEqual([120, Number.POSITIVE_INFINITY]);
  pipe.release();
});

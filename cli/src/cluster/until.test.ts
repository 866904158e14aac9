import { expect, test } from 'vitest';

import { EXIT } from '../exit-codes.ts';
import { until } from './until.ts';

const signal = new AbortController().signal;

test('looks until there is something to see', async () => {
  let looks = 0;
  const look = async () => ((looks += 1) < 3 ? null : 'seen');
  expect(await until(look, { timeoutMs: 5_000, everyMs: 1, signal, late: () => 'late' })).toBe('seen');
});

test('says what it saw last when the time is over', async () => {
  let looks = 0;
  const look = async () => ((looks += 1), null);
  await expect(
    until(look, { timeoutMs: 10, everyMs: 2, signal, late: () => `after ${looks > 0}` }),
  ).rejects.toMatchObject({ exitCode: EXIT.timeout, message: 'after true' });
});

test('ends with the reason of the signal', async () => {
  const interrupted = new AbortController();
  const look = async () => (interrupted.abort(new Error('Interrupted.')), null);
  await expect(
    until(look, { timeoutMs: 90_000, everyMs: 60_000, signal: interrupted.signal, late: () => 'late' }),
  ).rejects.toThrow('Interrupted.');
});

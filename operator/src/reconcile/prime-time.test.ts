import { expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import { isPrimeTime, primeTimeStart } from './prime-time.ts';

const OPENS = '2026-11-20T18:00:00-03:00';
const NINE = Date.UTC(2026, 10, 20, 21);
const PRIME = { vote: { replicas: 20 } };
const app = (primeTime?: object, opensAt?: string) =>
  votingApp({ ...(primeTime && { primeTime }), poll: opensAt === undefined ? {} : { opensAt } });

test.each([
  ['it begins its lead time before the poll opens', app({ ...PRIME, leadTimeSeconds: 60 }, OPENS), NINE - 60_000],
  ['it begins ten minutes before, unless told otherwise', app(PRIME, OPENS), NINE - 600_000],
  ['there is none where none is asked for', app(undefined, OPENS), null],
  ['there is none of a poll that is open from the beginning', app(), null],
])('%s', (_, of, start) => {
  expect(primeTimeStart(of)).toBe(start);
});

test.each([
  ['before it', NINE - 600_001, false, false],
  ['from its first moment', NINE - 600_000, false, true],
  ['long after, while votes are counted', NINE + 86_400_000, false, true],
  ['after the last vote is counted', NINE + 60_000, true, false],
])('it is prime time %s: %i, %s', (_, now, isFinal, expected) => {
  expect(isPrimeTime(app(PRIME, OPENS), now, isFinal)).toBe(expected);
});

test('it is never prime time where there is none', () => {
  expect(isPrimeTime(app(), NINE, false)).toBe(false);
});

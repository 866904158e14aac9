import { expect, it } from 'vitest';

import { CASES } from './catalogue.ts';
import { MUTANTS } from './mutants.ts';
import { rewriteEnvironment, rewritten } from './rewrites.ts';

it.each(MUTANTS)('$id fits the sources', ({ rewrites }) => {
  expect(Object.keys(rewriteEnvironment(rewrites))).toContain('NODE_OPTIONS');
});

it.each(CASES)('$id on $on fits the sources', ({ changes }) => {
  expect(() => rewriteEnvironment(changes)).not.toThrow();
});

it('a rewrite that does not fit is an error', () => {
  const once = { file: 'a.ts', from: 'one', to: 'two' };
  expect(rewritten('a.ts', 'one and more', [once])).toBe('two and more');
  expect(() => rewritten('a.ts', 'nothing', [once])).toThrow('0 times');
  expect(() => rewritten('a.ts', 'one and one', [once])).toThrow('2 times');
});

it('every case of the matrix is there, in order', () => {
  const ids = [...new Set(CASES.map(({ id }) => id))];
  expect(ids).toEqual(Array.from({ length: 25 }, (_, index) => `F${index + 1}`));
});

import { expect, it } from 'vitest';

import { wrapped } from './wrapped.ts';

const TEXT = 'one two three four five six';

it.each([
  ['for a program in one line', false, TEXT, [TEXT]],
  ['for a person in lines that fit', true, TEXT, ['one two', '  three', '  four', '  five six']],
  ['with an indent from the first on', true, `  ${TEXT}`, ['  one two', '  three', '  four', '  five six']],
  ['with a word that fits nowhere', true, 'a incomprehensible b', ['a', '  incomprehensible', '  b']],
])('wraps %s', (_, isInteractive, text, expected) => {
  expect(wrapped({ isInteractive, columns: 10 }, text, '  ')).toEqual(expected);
});

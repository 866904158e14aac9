import { expect, it } from 'vitest';

import { clipped, widthOf } from './width.ts';

it.each([
  ['plain', 5],
  ['', 0],
  ['\u001B[31mred\u001B[39m', 3],
  ['São', 3],
  ['e\u0301', 1],
  ['🥤', 2],
  ['❤️', 2],
  ['👩‍🍳', 2],
  ['日本', 4],
  ['▏█…', 3],
])('%j takes %i cells', (text, cells) => {
  expect(widthOf(text)).toBe(cells);
});

it.each([
  ['short', 5, 'short'],
  ['longer', 5, 'long…'],
  ['日本語', 4, '日…'],
  ['日本語', 5, '日本…'],
  ['\u001B[31mlonger\u001B[39m', 5, '\u001B[31mlong…\u001B[39m'],
  ['ab\u001B[31mcdef\u001B[39m gh', 3, 'ab\u001B[31m…\u001B[39m'],
])('%j in %i cells is %j', (text, width, expected) => {
  expect(clipped(text, width)).toBe(expected);
});

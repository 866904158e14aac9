import { expect, test } from 'vitest';

import { wrapped } from './check.ts';

test('sentences are broken between words', () => {
  expect(wrapped('there is no IngressClass', 12)).toEqual(['there is no', 'IngressClass']);
});

test('a word that is too long is not broken, for somebody may want to copy it', () => {
  expect(wrapped('see voteapp-operator-59dff68895 now', 10)).toEqual(['see', 'voteapp-operator-59dff68895', 'now']);
});

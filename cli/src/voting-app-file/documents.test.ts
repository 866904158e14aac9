import { describe, expect, it } from 'vitest';

import { parseDocuments } from './documents.ts';

const TEXT = `# a comment
kind: Namespace
---
kind: VotingApp
spec:
  poll:
    options:
      - id: a
      - {id: b, label: B}
---
`;

describe('documents of a YAML text', () => {
  it('are all that hold something, in order', () => {
    const { documents, problems } = parseDocuments(TEXT);
    expect(problems).toEqual([]);
    expect(documents.map(({ value }) => (value as { kind: string }).kind)).toEqual(['Namespace', 'VotingApp']);
  });

  it.each<[string, PropertyKey[], [number, number]]>([
    ['of a field is its name', ['spec', 'poll'], [6, 3]],
    ['of an element is where it begins', ['spec', 'poll', 'options', 0], [8, 9]],
    ['of a field in a flow', ['spec', 'poll', 'options', 1, 'label'], [9, 17]],
    ['of a missing field is what should hold it', ['spec', 'poll', 'closesAt'], [6, 3]],
    ['of a missing element is its list', ['spec', 'poll', 'options', 7, 'id'], [7, 5]],
    ['of the whole is where it begins', [], [4, 1]],
  ])('the place %s', (_, path, [line, column]) => {
    expect(parseDocuments(TEXT).documents[1]?.placeOf(path)).toEqual({ line, column });
  });

  it.each<[string, string, [number, number], RegExp]>([
    ['a list that does not end', 'a: [1,\nb: 2', [2, 1], /./],
    ['a key twice', 'a: 1\na: 2', [2, 1], /unique/],
    ['a tab', 'a:\n\tb: 1', [2, 1], /tab/i],
    ['an alias of nothing', 'a: *b', [1, 1], /alias/i],
  ])('with %s are refused by line and column', (_, text, [line, column], message) => {
    const { documents, problems } = parseDocuments(text);
    expect(documents).toEqual([]);
    expect(problems).toEqual([{ line, column, message: expect.stringMatching(message) as string }]);
  });

  it('of which one is broken give the others', () => {
    const { documents, problems } = parseDocuments('a: 1\n---\nb: [\n---\nc: 3\n');
    expect(problems).toHaveLength(1);
    expect(documents.map(({ value }) => value)).toContainEqual({ a: 1 });
  });
});

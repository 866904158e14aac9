import { parseAllDocuments } from 'yaml';
import { expect, it } from 'vitest';

import { formatted, formattedObjects } from './format.ts';

// What clusters' own tools read is YAML 1.1, in which these are no texts unless they are quoted.
it.each(['no', 'on', 'y', '012', '1e3', '1:30', '~', '2026-12-20T22:30:00-03:00'])('keeps the text %s a text', (id) => {
  const [document] = parseAllDocuments(formatted({ id }, 'yaml'), { version: '1.1' }) as { toJS(): unknown }[];
  expect(document?.toJS()).toEqual({ id });
});

it('gives several objects as a document each, or as a List', () => {
  expect(formattedObjects([{ a: 1 }, { b: 2 }], 'yaml')).toBe('a: 1\n---\nb: 2');
  expect(JSON.parse(formattedObjects([{ a: 1 }], 'json'))).toEqual({
    apiVersion: 'v1',
    kind: 'List',
    items: [{ a: 1 }],
  });
});

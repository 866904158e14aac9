import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { desired } from '../desired/desired.ts';
import { arbitraryFacts, arbitraryVotingApp } from '../desired/fixtures/arbitrary.ts';
import { difference } from './difference.ts';
import { besides, leavesOf, without, withValue } from './fixtures/live.ts';

const requests = (cpu: unknown) => ({ spec: { resources: { requests: { cpu } } } });

test.each<[string, unknown, unknown, string | null]>([
  ['what is the same is the same', { a: [1, { b: 'c' }] }, { a: [1, { b: 'c' }] }, null],
  ['another value is named by its path', { spec: { replicas: 2 } }, { spec: { replicas: 3 } }, 'spec.replicas'],
  ['a field that is not there is named', { spec: { replicas: 2 } }, { spec: {} }, 'spec.replicas'],
  ['an object that is not there is named', { spec: { replicas: 2 } }, {}, 'spec'],
  ['a value where an object should be', { spec: { a: 1 } }, { spec: 'a' }, 'spec'],
  ['an object where a list should be', { spec: [1] }, { spec: { 0: 1 } }, 'spec'],
  ['what is not asked for may be anything', { a: undefined }, { a: 1, b: 2 }, null],
  ['an empty object does not survive an apply', { emptyDir: {} }, {}, null],
  ['nor does an empty list', { rules: [] }, {}, null],
  ['an empty list is no wish for nothing', { rules: [] }, { rules: [1] }, 'rules'],
  ['nor does an empty text', { tolerations: [{ key: 'a', value: '' }] }, { tolerations: [{ key: 'a' }] }, null],
  ['an empty text is another than a text', { value: '' }, { value: 'a' }, 'value'],
  ['false is not absent', { automount: false }, {}, 'automount'],
  ['nor is zero', { replicas: 0 }, {}, 'replicas'],
  ['a number is no text', { data: '1' }, { data: 1 }, 'data'],
  ['a thousand thousandths are one', requests('1000m'), requests('1'), null],
  ['a number is a quantity', requests(1), requests('1'), null],
  ['1.5Gi is 1536Mi', requests('1.5Gi'), requests('1536Mi'), null],
  ['another quantity is another', requests('1'), requests('1001m'), 'spec.resources.requests.cpu'],
  ['no quantity at all', requests('1'), requests('much'), 'spec.resources.requests.cpu'],
  ['elsewhere a text is a text', { data: { cpu: '1000m' } }, { data: { cpu: '1' } }, 'data.cpu'],
  ['named elements are found wherever they are', [{ name: 'a', v: 1 }], [{ name: 'b' }, { name: 'a', v: 1 }], null],
  ['a named element that is not there', { env: [{ name: 'a' }] }, { env: [{ name: 'b' }] }, 'env[a]'],
  [
    'a field of a named element',
    { env: [{ name: 'a', value: '1' }] },
    { env: [{ name: 'a', value: '2' }] },
    'env[a].value',
  ],
  [
    'mounts are told apart by where they are',
    { mounts: [{ name: 'secrets', mountPath: '/b', subPath: 'x' }] },
    {
      mounts: [
        { name: 'secrets', mountPath: '/a' },
        { name: 'secrets', mountPath: '/b', subPath: 'y' },
      ],
    },
    'mounts[/b].subPath',
  ],
  [
    'names that do not tell elements apart are no key',
    [
      { name: 'gateway', sectionName: 'vote' },
      { name: 'gateway', sectionName: 'front' },
    ],
    [
      { name: 'gateway', sectionName: 'vote' },
      { name: 'gateway', sectionName: 'front' },
    ],
    null,
  ],
  ['a list of values keeps its order', { args: ['a', 'b'] }, { args: ['b', 'a'] }, 'args[0]'],
  ['and its length', { args: ['a'] }, { args: ['a', 'b'] }, 'args'],
])('%s', (_, wanted, live, path) => {
  expect(difference(wanted, live)).toBe(path);
});

describe('of whatever the operator makes', () => {
  /** One object of any VotingApp's. */
  const arbitraryObject = fc
    .tuple(arbitraryVotingApp, arbitraryFacts, fc.nat())
    .map(([app, facts, which]) => desired(app, facts).at(which % 20));
  const arbitraryMore = fc.record({ key: fc.stringMatching(/^zz[a-z]{1,6}$/), value: fc.jsonValue() });

  test('nothing is missing where it is all there, whatever there is besides', () => {
    fc.assert(
      fc.property(arbitraryObject, arbitraryMore, (object, { key, value }) => {
        expect(difference(object, object)).toBeNull();
        expect(difference(object, besides(object, key, value))).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test('every value that is taken away or changed is found, by its path', () => {
    fc.assert(
      fc.property(arbitraryObject, fc.nat(), (object, which) => {
        const leaves = leavesOf(object).filter(({ value }) => value !== '');
        const leaf = leaves[which % leaves.length]!;
        const changed = difference(object, withValue(object, leaf.steps, 'something else'));
        const gone = difference(object, without(object, leaf.steps));
        // What an element is told apart by, or how many there are, concerns the element or its list.
        expect([leaf.path, leaf.element, leaf.list]).toContain(changed);
        expect([leaf.path, leaf.element, leaf.list]).toContain(gone);
      }),
      { numRuns: 300 },
    );
  });
});

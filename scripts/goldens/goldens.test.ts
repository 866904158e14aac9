import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { EARLIER_VERSIONS, VERSION } from '@voteapp/operator/release';
import { describe, expect, it, test } from 'vitest';

import { goldenFiles, renderedAgain } from './goldens.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** An operator that came long after. */
const LATER = '9.9.9';

const files = globSync('operator/goldens/*/*.yaml', { cwd: ROOT }).sort();

test('every release that is run has goldens, and no other', () => {
  expect(readdirSync(`${ROOT}operator/goldens`).sort()).toEqual([VERSION, ...EARLIER_VERSIONS].sort());
});

test('this release has a golden of every sample, and no other', () => {
  const ofThisRelease = files.filter((file) => file.startsWith(`operator/goldens/${VERSION}/`));
  expect(ofThisRelease).toEqual(Object.keys(goldenFiles()).sort());
});

describe.each(files)('%s', (file) => {
  const content = readFileSync(`${ROOT}${file}`, 'utf8');

  it('is still what becomes of a resource pinned to its release', () => {
    expect(renderedAgain(file, content, LATER)).toBe(content);
  });
});

import { expect, test } from 'vitest';

import { EARLIER_VERSIONS, VERSION } from './release.ts';

const RELEASE = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

test('this release and those that it runs besides are releases, each once', () => {
  const all = [VERSION, ...EARLIER_VERSIONS];
  for (const version of all) expect(version).toMatch(RELEASE);
  expect(new Set(all).size).toBe(all.length);
});

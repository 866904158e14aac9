import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { REASONS } from './outcome.ts';

const HERE = new URL('.', import.meta.url);
const sources = readdirSync(HERE)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'outcome.ts')
  .map((file) => readFileSync(new URL(file, HERE), 'utf8'))
  .join('\n');

// That each reason given is one of the list, the compiler says.
test.each(Object.entries(REASONS))('the reason %s is given by something', (reason, meaning) => {
  expect(sources).toMatch(new RegExp(`'${reason}'|^ +${reason}: `, 'm'));
  expect(meaning).toMatch(/^[A-Z].*[.]$/);
});

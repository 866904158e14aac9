import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { requestsBy } from './audit.ts';

const AT = '2026-01-01T00:00:0';

function event(auditID: string, second: number, user: string, verb: string, extra: object = {}): string {
  const common = { auditID, verb, user: { username: user }, requestReceivedTimestamp: `${AT}${second}.123456Z` };
  return JSON.stringify({ ...common, responseStatus: { code: 200 }, ...extra });
}

const POD = { resource: 'pods', namespace: 'n', name: 'p' };
const LINES = [
  event('1', 1, 'jane', 'get', { objectRef: POD }),
  event('2', 2, 'admin', 'patch', {
    impersonatedUser: { username: 'jane' },
    objectRef: { ...POD, subresource: 'status' },
  }),
  event('3', 3, 'jane', 'watch', { stage: 'ResponseStarted', objectRef: { resource: 'pods' } }),
  event('3', 3, 'jane', 'watch', { stage: 'ResponseComplete', objectRef: { resource: 'pods' } }),
  event('4', 4, 'jane', 'get', { responseStatus: undefined }),
  event('5', 5, 'joe', 'get'),
];

let folder: string;
let log: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-audit-'));
  log = join(folder, 'audit.log');
  // The last line is being written.
  await writeFile(log, `${LINES.join('\n')}\n{"auditID":"6","verb":`);
});
afterAll(() => rm(folder, { recursive: true }));

test.for([
  ['once each, whoever impersonates them', 'jane', {}, ['get p 200', 'patch p/status 200', 'watch  200', 'get  0']],
  ['not those of whom others are impersonated by', 'admin', {}, []],
  ['of some verbs', 'jane', { verbs: ['get', 'patch'] }, ['get p 200', 'patch p/status 200', 'get  0']],
  ['since a time', 'jane', { since: Date.parse(`${AT}3Z`) }, ['watch  200', 'get  0']],
] as const)("a user's requests are read %s", async ([, user, question, requests]) => {
  const entries = await requestsBy(log, user, question);
  const told = entries.map(
    ({ verb, name, subresource, code }) => `${verb} ${name}${subresource && '/'}${subresource} ${code}`,
  );
  expect(told).toEqual(requests);
});

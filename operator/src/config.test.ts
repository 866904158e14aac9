import { ConfigError, parseConfig } from '@voteapp/kit/config';
import { describe, expect, test } from 'vitest';

import { operatorEnv, releaseOf } from './config.ts';
import { VERSION } from './release.ts';

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseConfig(operatorEnv, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

describe('namespaces to watch', () => {
  test.each<[string, string | undefined, readonly string[]]>([
    ['are all where none is named', undefined, []],
    ['are all where the list is empty', ' ', []],
    ['may be one', 'show', ['show']],
    ['may be several, written as people write lists', ' show, north ,,south', ['show', 'north', 'south']],
  ])('%s', (_, value, expected) => {
    expect(parseConfig(operatorEnv, { WATCH_NAMESPACE: value }).WATCH_NAMESPACE).toEqual(expected);
  });
});

describe('an environment that does not fit', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['has a namespace that can be none', { WATCH_NAMESPACE: 'show,North' }, 'WATCH_NAMESPACE'],
    ['runs in a namespace that can be none', { POD_NAMESPACE: 'my namespace' }, 'POD_NAMESPACE'],
    ['has a pod without a name', { POD_NAME: '' }, 'POD_NAME'],
    ['has a port that is no number', { PORT: 'http' }, 'PORT'],
    ['has a port that is none', { PORT: '65536' }, 'PORT'],
    ['has half a port', { PORT: '80.5' }, 'PORT'],
    ['has a log level that there is not', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    ['has a Lease of no time', { LEASE_DURATION_SECONDS: '0' }, 'LEASE_DURATION_SECONDS'],
    ['has a Lease of more than an hour', { LEASE_DURATION_SECONDS: '3601' }, 'LEASE_DURATION_SECONDS'],
    ['leads for as long as its Lease', { LEASE_DURATION_SECONDS: '10' }, 'LEASE_DURATION_SECONDS'],
    ['retries as seldom as it gives up', { RETRY_PERIOD_SECONDS: '10' }, 'LEASE_DURATION_SECONDS'],
    ['retries never', { RETRY_PERIOD_SECONDS: 'never' }, 'RETRY_PERIOD_SECONDS'],
    ['has an image without a name', { RELATED_IMAGE_VOTE: '' }, 'RELATED_IMAGE_VOTE'],
    ['has a file that cannot be read', { POD_NAME_FILE: '/nowhere/at/all' }, 'POD_NAME_FILE'],
  ])('%s', (_, env, variable) => {
    const problems = problemsOf(env);
    expect(problems).not.toEqual([]);
    for (const problem of problems) expect(problem).toMatch(new RegExp(`^${variable}\\b.* `));
  });

  test('is told of in full', () => {
    expect(problemsOf({ PORT: '-1', LOG_LEVEL: '', POD_NAMESPACE: '' })).toHaveLength(3);
  });
});

test('by default it is as client-go’s leaders are, and listens to everybody', () => {
  expect(parseConfig(operatorEnv, {})).toMatchObject({
    POD_NAMESPACE: 'voteapp-system',
    POD_NAME: expect.stringMatching(/./) as string,
    HOST: '0.0.0.0',
    PORT: 9_090,
    LOG_LEVEL: 'info',
    LEASE_DURATION_SECONDS: 15,
    RENEW_DEADLINE_SECONDS: 10,
    RETRY_PERIOD_SECONDS: 2,
  });
});

test('a release runs its own services, unless it is told of other images', () => {
  const config = parseConfig(operatorEnv, { RELATED_IMAGE_FRONT: 'example.com/front@sha256:0' });
  expect(releaseOf(config)).toMatchObject({
    version: VERSION,
    images: {
      vote: `voteapp-vote:${VERSION}`,
      worker: `voteapp-worker:${VERSION}`,
      front: 'example.com/front@sha256:0',
    },
  });
  expect(Object.keys(releaseOf(config).images).toSorted()).toEqual([
    'front',
    'mariadb',
    'mysql',
    'rabbitmq',
    'vote',
    'worker',
  ]);
});

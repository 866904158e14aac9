import { availableParallelism } from 'node:os';

import { configDefaults, defineConfig } from 'vitest/config';

/** Whole ways through images, charts and pipelines: minutes each. */
const LONG = '**/*.long.test.ts';
const isLong = process.env['VOTEAPP_TEST_LONG'] === 'true';

export default defineConfig({
  test: {
    include: isLong
      ? [LONG]
      : [
          'packages/**/*.test.ts',
          'apps/**/*.test.ts',
          'cli/**/*.test.ts',
          'operator/**/*.test.ts',
          'scripts/**/*.test.ts',
          'test/**/*.test.ts',
          'bench/**/*.test.ts',
        ],
    exclude: [...configDefaults.exclude, ...(isLong ? [] : [LONG])],
    globalSetup: ['test/setup.ts', 'test/servers/setup.ts', 'test/cluster/setup.ts'],
    // A pipeline of GitLab shows the tests of a merge request by this file.
    reporters:
      process.env['GITLAB_CI'] === 'true' ? ['default', ['junit', { outputFile: 'dist/junit.xml' }]] : ['default'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The cores are shared with servers, browsers and other suites.
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    // Suites with servers mostly wait for them; the long ones look at what voters meet meanwhile.
    maxWorkers: isLong ? 1 : Math.max(3, availableParallelism()),
  },
});

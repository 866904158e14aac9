import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'voteapp-operator-'));
const broken = join(home, 'broken.yaml');
writeFileSync(broken, 'clusters: [');
afterAll(() => rmSync(home, { recursive: true }));

/** The operator as a process, where there is no cluster. */
function run(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...flags], {
    env: { PATH: process.env['PATH'], HOME: home, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

const USAGE = 'Usage: operator [--watch-namespace=NAMESPACE,…]';

test.each(['--help', '-h'])('%s says how it is used', (flag) => {
  expect(run([flag])).toMatchObject({ status: 0, stdout: expect.stringContaining(USAGE) as string, stderr: '' });
});

describe('it does not start, says why, and exits with 2', () => {
  test.each<[string, readonly string[], Readonly<Record<string, string>>, readonly string[]]>([
    ['with a flag that there is not', ['--leader-elect'], {}, ["Unknown option '--leader-elect'", USAGE]],
    ['with a word that is no flag', ['start'], {}, ["Unexpected argument 'start'", USAGE]],
    ['with a flag without its value', ['--watch-namespace'], {}, ['--watch-namespace <value>', USAGE]],
    [
      'with a namespace that can be none',
      ['--watch-namespace=North'],
      {},
      ['WATCH_NAMESPACE: must be names of namespaces'],
    ],
    [
      'with a flag that is worse than the environment',
      ['--watch-namespace=North'],
      { WATCH_NAMESPACE: 'north' },
      ['WATCH_NAMESPACE: '],
    ],
    ['with an environment that does not fit', [], { PORT: 'x', LOG_LEVEL: 'loud' }, ['  PORT: ', '  LOG_LEVEL: ']],
    ['without a cluster', [], {}, ['There is no cluster: set KUBECONFIG, or run in a pod.', USAGE]],
    [
      'with a kubeconfig that is not there',
      [],
      { KUBECONFIG: join(home, 'none') },
      ['The kubeconfig cannot be read: '],
    ],
    ['with a kubeconfig that is none', [], { KUBECONFIG: broken }, ['The kubeconfig cannot be read: ']],
  ])('%s', (_, flags, env, says) => {
    const { status, stdout, stderr } = run(flags, env);
    for (const text of says) expect(stderr).toContain(text);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

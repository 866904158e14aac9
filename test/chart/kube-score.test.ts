import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, test } from 'vitest';

import { goToolUnlessMissing } from '../tools/go-tool.ts';
import { CHART, helmUnlessMissing, runHelm } from './helm.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What is not done, and why. */
const NOT_DONE: Readonly<Record<string, string>> = {
  'container-ephemeral-storage-request-and-limit': 'their own files are volumes; all else is read-only',
  'container-image-pull-policy': 'an image is named by its version or digest, and a node that has it needs no registry',
  'container-security-context-user-group-id': 'the official images of the servers know one user, 999',
  'deployment-has-host-podantiaffinity': 'topologySpreadConstraints say it, and do not keep a pod from starting',
  'statefulset-has-host-podantiaffinity': 'topologySpreadConstraints say it, and do not keep a pod from starting',
  'deployment-replicas': 'one worker counts; the next takes over from a pod that is gone',
};
// A limit of CPU makes voters wait while a core is idle.
const OPTIONS = ['--ignore-container-cpu-limit', `--ignore-test=${Object.keys(NOT_DONE).join(',')}`];

const kubeScore = await goToolUnlessMissing('kube-score');
const helm = kubeScore === null ? null : await helmUnlessMissing();

/** What it finds fault with, a line each. */
async function faults(yaml: string, options: readonly string[] = OPTIONS): Promise<string[]> {
  const args = ['score', '--kubernetes-version=v1.34', '--output-format=ci', ...options, '-'];
  const running = promisify(execFile)(kubeScore!, args, { maxBuffer: 16 << 20 });
  running.child.stdin?.end(yaml);
  // It ends with 1 when it has found something.
  const { stdout } = await running.catch((error: { stdout: string }) => error);
  const lines = stdout.trim().split('\n');
  expect(lines.length).toBeGreaterThan(5);
  return lines.filter((line) => !/^\[(OK|SKIPPED)\]/.test(line));
}

describe.skipIf(kubeScore === null)('kube-score', () => {
  const goldens = globSync('operator/goldens/*/*.yaml', { cwd: ROOT }).map((file) => [basename(file), file] as const);

  test.each(goldens)('finds no fault with what the operator makes of %s', async (_, file) => {
    expect(await faults(readFileSync(`${ROOT}/${file}`, 'utf8'))).toEqual([]);
  });

  test.skipIf(helm === null)('finds no fault with the operator', async () => {
    const values = { replicas: 3 };
    const args = [
      'template',
      'voteapp',
      CHART,
      '--kube-version=1.34.0',
      '--namespace=system',
      '--skip-tests',
      '--values=-',
    ];
    expect(await faults(await runHelm(helm!, args, { values }))).toEqual([]);
  });

  test('would find what is not done', async () => {
    const yaml = readFileSync(`${ROOT}/operator/goldens/0.1.0/smallest.yaml`, 'utf8');
    expect((await faults(yaml, [])).join('\n')).toContain('CPU limit is not set');
  });
});

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
let tree: string;

beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), 'voteapp-zones-'));
  await copyFile(join(root, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
});

afterEach(async () => {
  await rm(tree, { recursive: true });
});

/** What the lint says of a source planted at that place of a tree like this one; empty: nothing. */
async function lint(file: string, source: string): Promise<string> {
  await mkdir(join(tree, dirname(file)), { recursive: true });
  await writeFile(join(tree, file), source);
  const run = promisify(execFile)(join(root, 'node_modules/.bin/oxlint'), ['--deny-warnings'], { cwd: tree });
  return run.then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

describe('the lint refuses an import', () => {
  it.each<[string, string, string]>([
    ['of the store in vote', 'apps/vote/src/planted-violation.ts', '@voteapp/store/port'],
    ['of the queue in front', 'apps/front/src/planted-violation.ts', '@voteapp/queue/port'],
    ['of one app in another', 'apps/worker/src/planted-violation.ts', '@voteapp/vote/service'],
    ['of anything of ours in kit', 'packages/kit/src/planted-violation.ts', '@voteapp/contracts/message'],
    ['of kit in contracts', 'packages/contracts/src/planted-violation.ts', '@voteapp/kit/log'],
    ['of an app in a driver', 'packages/queue/src/planted-violation.ts', '@voteapp/worker/service'],
    ['of an app in the operator', 'operator/src/planted-violation.ts', '@voteapp/vote/service'],
    ['of voting in the kernel', 'operator/src/runtime/planted-violation.ts', '@voteapp/contracts/message'],
    ['of the passes in desired state', 'operator/src/desired/planted-violation.ts', '../reconcile/status.ts'],
    ['of the operator in a service', 'apps/front/src/planted-violation.ts', '@voteapp/operator/release'],
    ['by path into another workspace', 'apps/vote/src/planted-violation.ts', '../../../packages/kit/src/log.ts'],
  ])('%s', async (_, file, specifier) => {
    expect(await lint(file, `export * from '${specifier}';\n`)).toContain('no-restricted-imports');
  });

  it('but takes one that the zones allow', async () => {
    expect(await lint('apps/vote/src/planted-import.ts', `export * from '@voteapp/kit/log';\n`)).toBe('');
  });
});

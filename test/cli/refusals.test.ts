import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { writePlainKubeconfig } from '../cluster/plain-kubeconfig.ts';
import { FIRST_START_MS, type SharedCluster, sharedCluster } from '../cluster/shared.ts';
import { type Answer, startVoteapp, voteapp } from './voteapp.ts';

/** Commands that ask a cluster. */
const ASKING = [['check'], ['install'], ['version', '--kubeconfig', '$KUBECONFIG']];

let folder: string;
let silent: Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-refusals-'));
  silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  await writePlainKubeconfig(join(folder, 'silent'), (silent.address() as AddressInfo).port);
  await writePlainKubeconfig(join(folder, 'off'), 1);
  await writeFile(join(folder, 'garbage'), 'clusters: [\n  b: }');
});
afterAll(async () => {
  silent.closeAllConnections();
  silent.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], file: string): Promise<Answer> {
  const path = join(folder, file);
  return await voteapp(
    args.map((arg) => arg.replace('$KUBECONFIG', path)),
    { env: { KUBECONFIG: path } },
  );
}

/** One sentence or two on standard error, of which the first says what, and no trace of a stack. */
function expectRefusal(answer: Answer, code: number, says: string): void {
  expect(answer).toMatchObject({ code, stderr: expect.stringContaining(says) as string });
  expect(answer.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(answer.stderr).not.toContain('    at ');
}

describe.each(ASKING.map((args) => [args[0], args] as const))('%s', (_, args) => {
  test('says that the server cannot be reached', async () => {
    expectRefusal(await run(args, 'off'), 1, '(http://127.0.0.1:1) cannot be reached: connect ECONNREFUSED');
  });

  test('does not wait for ever', async () => {
    expectRefusal(
      await run([...args, '--request-timeout', '300ms'], 'silent'),
      3,
      '--request-timeout gives it longer.',
    );
  });

  test('says what is wrong with the kubeconfig', async () => {
    expectRefusal(await run(args, 'garbage'), 2, 'garbage cannot be read: ');
  });
});

test('without a kubeconfig there is no cluster', async () => {
  expectRefusal(await voteapp(['check']), 2, 'There is no cluster: set KUBECONFIG');
});

const USAGE: Record<string, readonly [args: readonly string[], says: string]> = {
  'a command that is spelt wrong': [['instal'], 'Did you mean install?'],
  'an option that is spelt wrong': [['install', '--replica', '2'], 'Did you mean --replicas?'],
  'an output that there is not': [['check', '-o', 'xml'], 'Allowed choices are text, json, yaml.'],
  'a namespace that can be none': [['install', '-n', 'A_b'], 'It must be the name of a namespace'],
  'too many replicas': [['install', '--replicas', '9'], 'It must be a number from 1 to 5'],
  'an image that is none': [['install', '--image', '-x y'], 'It must be an image such as'],
  'a time that is none': [['install', '--wait', '--timeout', 'soon'], 'It must be a time such as 30s'],
  'a time to wait without waiting': [['install', '--timeout', '5s'], '--timeout says how long to --wait'],
  'polls both kept and deleted': [['uninstall', '--keep-polls', '--delete-polls'], 'cannot be used with'],
};

test.each(Object.entries(USAGE))('%s is refused as such', async (_, [args, says]) => {
  const { code, stdout, stderr } = await voteapp(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test('whoever closes the pipe is not told off', async () => {
  const { child, answer } = startVoteapp(['install', '--generate']);
  child.stdout?.destroy();
  expect(await answer).toMatchObject({ code: 0, stderr: '' });
});

const cluster: SharedCluster | null = await sharedCluster('api');
afterAll(async () => cluster?.leave());

describe.skipIf(cluster === null)('who has no rights', { timeout: FIRST_START_MS }, () => {
  const commands: Record<string, readonly [args: readonly string[], says: string]> = {
    'cannot install': [['install'], 'Nothing was changed, for you may not '],
    'cannot uninstall': [['uninstall'], 'cannot list resource'],
    'does not see releases': [['version'], 'cannot list resource'],
  };
  test.each(Object.entries(commands))('%s, and hears why', async (_, [args, says]) => {
    const env = { KUBECONFIG: cluster!.kubeconfig };
    expectRefusal(await voteapp([...args, '--as', 'nobody'], { env }), 5, says);
  });
});

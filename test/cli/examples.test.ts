import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { explanationOf } from '@voteapp/cli/help';
import { buildProgram } from '@voteapp/cli/program';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import type { KubeObject } from '../cluster/client.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { stageCluster } from '../operator/in-process.ts';
import { Shell } from '../operator/shell.ts';
import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { IN_FILES, ON_A_CLUSTER, ON_A_NODE, ON_THIS_MACHINE, PARSED } from './examples.ts';
import { PlayedInstallation } from './played-installation.ts';

type Command = ReturnType<typeof buildProgram>;

const LUNCH = [
  { id: 'pizza', label: 'Pizza' },
  { id: 'salad', label: 'Salad' },
];

function votingApp(name: 'lunch' | 'final', poll: object = {}): KubeObject {
  const options = name === 'lunch' ? LUNCH : [{ id: 'ana' }, { id: 'bruno' }];
  return {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name },
    spec: { poll: { options, ...poll } },
  };
}

/** A command and all below it. */
function family(command: Command): Command[] {
  return [command, ...command.commands.flatMap((each) => family(each))];
}

/** The examples of every help text. */
const EXAMPLES = family(buildProgram())
  .flatMap((command) => explanationOf(command)?.examples ?? [])
  .filter((line) => !line.startsWith('#'));

test('every example of a help text is in one of the tables, and is one still', () => {
  const tables = [IN_FILES, ON_A_CLUSTER, ON_THIS_MACHINE, ON_A_NODE, PARSED];
  expect(tables.flatMap((table) => Object.keys(table)).sort()).toEqual([...new Set(EXAMPLES)].sort());
});

describe('an example that cannot be run in a test is understood', () => {
  test.each(Object.keys(PARSED))('%s', async (line) => {
    const program = buildProgram();
    const called: string[] = [];
    for (const command of family(program)) command.action(() => void called.push(command.name()));
    const [, ...words] = line.split(' ');
    await program.parseAsync(words, { from: 'user' });
    expect(called).toEqual([words[0]]);
  });
});

const shared = await stageCluster();
await shared?.leave();

describe.skipIf(shared === null)('an example runs as it is', { timeout: FIRST_START_MS }, () => {
  let played: PlayedInstallation;
  let shell: Shell;
  beforeAll(async () => {
    played = await PlayedInstallation.start();
    const { client, kubeconfig, kubectl = 'kubectl' } = played.cluster;
    for (const name of ['shop', 'news']) {
      await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    shell = await Shell.open({ kubeconfig, namespace: played.stage.namespace, programs: [kubectl] });
    // What the examples write to must be there, as it is where somebody reads them.
    await shell.run('mkdir -p .config/fish/completions');
    await writeFile(join(shell.folder, 'poll.yaml'), stringify(votingApp('lunch')));
    await shell.walk({ command: 'export PATH="$PWD/node_modules/.bin:$PATH" PROFILE=profile.ps1', answer: null });
  }, FIRST_START_MS);
  afterAll(async () => {
    await shell?.close();
    await played?.stop();
  });

  async function runs(command: string, { code = 0, isEndless = false }: { code?: number; isEndless?: boolean }) {
    const steps = isEndless
      ? [{ command, answer: '…\n^C' }]
      : [
          { command, answer: null },
          { command: 'echo $?', answer: String(code) },
        ];
    await shell.walkAll(steps).catch((cause: unknown) => {
      throw new Error(`The example \`${command}\` does not do what it should.`, { cause });
    });
  }

  describe('on files', () => {
    test.each(Object.entries(IN_FILES))('%s', runs);
  });

  describe('on a cluster', () => {
    test('each on what those before it have left', async () => {
      for (const [command, how] of Object.entries(ON_A_CLUSTER)) {
        await played.play();
        if (how.given !== undefined) {
          await played.stage.apply(votingApp('final', how.given));
          await played.stage.untilCondition('final', 'Ready');
        }
        await runs(command, how);
      }
    });
  });

  describe('on this machine', () => {
    let lunch: RunningPoll;
    let final: RunningPoll;
    beforeAll(async () => {
      // Without a cluster the polls of the folder are found.
      await shell.walk({ command: 'export KUBECONFIG=none', answer: null });
      const data = join(shell.folder, '.voteapp');
      await mkdir(data);
      lunch = await startPoll(data, { name: 'lunch', args: ['-f', join(shell.folder, 'poll.yaml')] });
      const file = join(shell.folder, 'final.yaml');
      await writeFile(file, stringify(votingApp('final', { id: 'semifinal' })));
      final = await startPoll(data, { name: 'final', args: ['-f', file] });
      await writeFile(file, stringify(votingApp('final', { id: 'final' })));
    });
    afterAll(async () => {
      if (final?.child.exitCode === null) await final.stop();
      await lunch?.stop();
    });

    test('each on what those before it have left', async () => {
      for (const [command, how] of Object.entries(ON_THIS_MACHINE)) {
        // Where no name is given there is one poll alone.
        if (how.isOnly === true && final.child.exitCode === null) await final.stop();
        if (how.isClosed === true)
          await shell.walk({ command: 'voteapp poll close lunch --local --wait', answer: null });
        await runs(command, how);
      }
    });
  });
});

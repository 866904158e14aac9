import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { completionScript, type Shell } from '../../cli/src/completion/scripts.ts';
import { onPath } from '../tools/programs.ts';

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));

/** Arguments by which each shell says what it would offer for a line; the script and the line follow. */
const ASK: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['--norc', '-c', 'source "$0"; COMP_LINE=$1; COMP_POINT=${#1}; _voteapp; printf "%s\\n" "${COMPREPLY[@]}"'],
  // What its completion system would be given.
  zsh: [
    '-f',
    '-c',
    `compdef() {}; _describe() { print -l -- "\${(@P)2}" }; _files() { print files };
     source $0; words=("\${(@s: :)1}"); CURRENT=$#words; _voteapp`,
  ],
  fish: ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]'],
  pwsh: [
    '-NoProfile',
    '-Command',
    '& { . $args[0]; (TabExpansion2 $args[1] $args[1].Length).CompletionMatches.CompletionText }',
  ],
};

/** Where each shell is; Debian has no pwsh to unpack. */
const PROGRAM: Readonly<Record<Shell, string | null>> = {
  bash: onPath('bash'),
  zsh: process.env['VOTEAPP_TEST_ZSH'] ?? null,
  fish: process.env['VOTEAPP_TEST_FISH'] ?? null,
  pwsh: onPath('pwsh'),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voteapp-shell-'));
  writeFileSync(join(folder, 'voteapp'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(folder, 'voteapp'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function environment(): NodeJS.ProcessEnv {
  return { PATH: `${folder}${delimiter}${process.env['PATH']}`, HOME: folder, KUBECONFIG: join(folder, 'none') };
}

/** What a shell offers, without its descriptions. */
function offered(shell: Shell, line: string): string[] {
  const script = join(folder, shell === 'pwsh' ? 'completion.ps1' : `completion.${shell}`);
  writeFileSync(script, completionScript(shell));
  const answer = execFileSync(PROGRAM[shell]!, [...ASK[shell], script, line], {
    env: environment(),
    cwd: folder,
    encoding: 'utf8',
  });
  return answer
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => each.split(shell === 'zsh' ? /(?<!\\):/ : '\t')[0] ?? '');
}

describe.each(['bash', 'zsh', 'fish', 'pwsh'] as const)('%s', { timeout: 60_000 }, (shell) => {
  test('offers commands, options and their values', ({ skip }) => {
    if (PROGRAM[shell] === null) return skip(`${shell} is not here`);
    expect(offered(shell, 'voteapp poll ')).toEqual(expect.arrayContaining(['open', 'close', 'suspend', 'resume']));
    expect(offered(shell, 'voteapp hib')).toEqual(['hibernate']);
    expect(offered(shell, 'voteapp poll open --kubec')).toEqual(['--kubeconfig']);
    expect(offered(shell, 'voteapp poll open -o j')).toEqual(['json']);
    expect(offered(shell, 'voteapp poll open --out')).toEqual(['--output']);
    expect(offered(shell, 'voteapp poll open lunch nothing ')).toEqual([]);
  });
});

test('bash takes a word apart at = and :, and is given its part of it', ({ skip }) => {
  if (PROGRAM.bash === null) return skip('bash is not here');
  expect(offered('bash', 'voteapp poll open --output=j')).toEqual(['json']);
});

test('kubectl is given the same, by the name that it asks by', () => {
  const called = join(folder, 'kubectl_complete-voteapp');
  symlinkSync(MAIN, called);
  const answer = execFileSync(process.execPath, [called, 'poll', 'su'], { env: environment(), encoding: 'utf8' });
  expect(answer).toBe('suspend\tRefuse votes until it is resumed.\n:4\n');
});

import { describe, expect, test } from 'vitest';

import { calledBy, explanationOf, shellLines } from './help.ts';
import { buildProgram } from './program.ts';

type Command = ReturnType<typeof buildProgram>;

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

/** All that `--help` prints of a command, in a terminal of so many columns. */
function helpOf(command: Command, columns: number): string {
  let help = '';
  command.configureOutput({ getOutHelpWidth: () => columns, writeOut: (text) => (help += text) }).outputHelp();
  return help;
}

/** The commands of a help's examples, whatever lines they are in. */
function examplesIn(help: string): string[] {
  const [, examples = ''] = /^Examples:\n((?: {2}.*\n)*)/m.exec(help) ?? [];
  return examples
    .replaceAll(/ \\\n */g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const leaves = (name?: string): Command[] => all(buildProgram(name)).filter(({ commands }) => commands.length === 0);
const named = leaves().filter((command) => command.name() !== '__complete');

test.each([60, 80, 120])('help fits into a terminal of %i columns', (columns) => {
  const lines = all(buildProgram()).flatMap((command) => helpOf(command, columns).split('\n'));
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
});

test('every command has examples, and they are the same commands however they are broken', () => {
  for (const command of named) {
    const { examples = [] } = explanationOf(command) ?? {};
    expect(examples.length, command.name()).toBeGreaterThan(0);
    expect(examplesIn(helpOf(command, 60)), command.name()).toEqual(examples);
  }
});

test('every example is a command, or says what those after it are for', () => {
  const lines = named.flatMap((command) => explanationOf(command)?.examples ?? []);
  expect(lines.filter((line) => !/^(?:# |voteapp |kubectl get .*\| voteapp |echo '.*voteapp )/.test(line))).toEqual([]);
});

test('as a kubectl plugin all help says how it is called', () => {
  const help = all(buildProgram('kubectl voteapp')).map((command) => helpOf(command, 120));
  const calls = help.join('\n').match(/(?:\S+ )?(?<![\w./-])voteapp (?=[a-z])/g) ?? [];
  expect(calls.length).toBeGreaterThan(50);
  expect(calls.filter((call) => !call.endsWith('kubectl voteapp '))).toEqual([]);
});

describe('a line for a shell', () => {
  test.each<[string, number, string[]]>([
    ['voteapp tally lunch', 19, ['voteapp tally lunch']],
    ['voteapp tally lunch --watch', 20, ['voteapp tally \\', '  lunch --watch']],
    ['voteapp poll open --at "20 22:30"', 30, ['voteapp poll open \\', '  --at "20 22:30"']],
    ['voteapp poll open --at "20 22:30"', 12, ['voteapp \\', '  poll \\', '  open \\', '  --at "20 22:30"']],
    ["echo 'source <(voteapp completion bash)'", 20, ['echo \\', "  'source <(voteapp completion bash)'"]],
    ['# whatever it is that follows', 10, ['# whatever it is that follows']],
  ])('%j in %i columns', (line, columns, expected) => {
    expect(shellLines(line, columns)).toEqual(expected);
  });
});

test.each([
  ['see `voteapp check`', 'see `kubectl voteapp check`'],
  ["'source <(voteapp completion zsh)'", "'source <(kubectl voteapp completion zsh)'"],
  [
    'kubectl get votingapp -o yaml | voteapp analyze -f -',
    'kubectl get votingapp -o yaml | kubectl voteapp analyze -f -',
  ],
  ['kubectl voteapp check', 'kubectl voteapp check'],
  ['> completions/voteapp.fish', '> completions/voteapp.fish'],
  ['the field manager voteapp-operator is', 'the field manager voteapp-operator is'],
])('%s, by kubectl: %s', (text, expected) => {
  expect(calledBy('kubectl voteapp', text)).toBe(expected);
});

import type { Command } from 'commander';
import { expect, test } from 'vitest';

import { buildProgram } from './program.ts';

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

test.each([
  ['voteapp', 'Usage: voteapp poll close [options] [name]'],
  ['kubectl voteapp', 'Usage: kubectl voteapp poll close [options] [name]'],
])('help of %s names it so', (name, usage) => {
  const close = all(buildProgram(name)).find((command) => command.name() === 'close');
  expect(close?.helpInformation()).toContain(usage);
});

test.each([
  [['vote'], "error: missing required argument 'name'", 'See `voteapp vote --help`.'],
  [['poll', 'shut'], "error: unknown command 'shut'", 'See `voteapp poll --help`.'],
])('%j leads to the help that is wanted', async (words, problem, hint) => {
  const program = buildProgram();
  let told = '';
  for (const command of all(program)) command.configureOutput({ writeErr: (text) => (told += text) });
  await program.parseAsync(words, { from: 'user' });
  process.exitCode = undefined;
  expect(told).toBe(`${problem}\n${hint}\n`);
});

test.each([
  ['nothing at all', [], 'Usage: voteapp '],
  ['poll', ['poll'], 'Usage: voteapp poll '],
  ['hibernate', ['hibernate'], 'Usage: voteapp hibernate '],
  ['reconcile', ['reconcile'], 'Usage: voteapp reconcile '],
  ['the help of nothing', ['help'], 'Usage: voteapp '],
  ['the help of poll', ['help', 'poll'], 'Usage: voteapp poll '],
])('%s asks for help, which is the answer', async (_, words, usage) => {
  const program = buildProgram();
  let [answer, told] = ['', ''];
  for (const command of all(program)) {
    command.configureOutput({ writeOut: (text) => (answer += text), writeErr: (text) => (told += text) });
  }
  process.exitCode = 1;
  await program.parseAsync(words, { from: 'user' });
  const code = process.exitCode;
  process.exitCode = undefined;
  expect({ code, told, begins: answer.slice(0, usage.length) }).toEqual({ code: 0, told: '', begins: usage });
});

test('help shows the commands in the order of a way through them, in groups', () => {
  const help = buildProgram().helpInformation();
  const titles = [...help.matchAll(/^(\S.*):$/gm)].map(([, title]) => title);
  expect(titles.slice(0, 4)).toEqual(['Options', 'A poll on this machine', 'Prepare a cluster', 'Make a poll']);
  expect(titles).not.toContain('Commands');
});

import type { Command } from 'commander';
import { expect, test } from 'vitest';

import { buildProgram } from './program.ts';

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

test('help fits into a terminal of 60 columns', () => {
  const shown = all(buildProgram()).map((command) =>
    command.configureOutput({ getOutHelpWidth: () => 60 }).helpInformation(),
  );
  expect(shown.flatMap((help) => help.split('\n')).filter((line) => line.length > 60)).toEqual([]);
});

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

import { Argument, Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';

import { complete, type Live } from './candidates.ts';
import type { Walked } from './walk.ts';

function program(): Command {
  const format = () => new Option('-o, --output <format>', 'form').choices(['table', 'json']);
  const on = (command: Command) =>
    command
      .option('-n, --namespace <name>', 'namespace')
      .option('--context <name>', 'context')
      .option('--local', 'here');
  const poll = new Command('poll')
    .description('On air.')
    .addCommand(on(new Command('open').description('Open.').argument('[name]')).addOption(format()))
    .addCommand(on(new Command('close').description('Close.').argument('[name]')));
  return new Command('voteapp')
    .addOption(new Option('--color <when>').choices(['auto', 'never']))
    .addCommand(poll)
    .addCommand(on(new Command('create').argument('<name>')))
    .addCommand(on(new Command('vote').argument('<name>').argument('<option>').option('--count <n>', 'how many')))
    .addCommand(new Command('render').option('-f, --file <file>', 'file'))
    .addCommand(new Command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh'])))
    .addCommand(new Command('__complete').argument('[words...]'), { hidden: true });
}

/** A cluster in which a name tells what it was asked with. */
const live: Live = {
  names: async ({ values }: Walked) => [
    'lunch',
    values['local'] === true ? 'here' : `in-${String(values['namespace'])}`,
  ],
  namespaces: async () => ['default', 'shop'],
  contexts: async () => ['arn:aws:eks', 'kind'],
  options: async (_, name) => [`${name}-pizza`, `${name}-salad`],
};

describe('what completes', () => {
  test.each<[string, readonly string[] | 'files']>([
    ['', ['poll', 'create', 'vote', 'render', 'completion', 'help']],
    ['po', ['poll']],
    ['poll ', ['open', 'close', 'help']],
    ['poll open ', ['lunch', 'in-undefined']],
    ['poll open l', ['lunch']],
    ['poll open lunch ', []],
    ['poll open -n shop ', ['lunch', 'in-shop']],
    ['poll open --namespace=shop in', ['in-shop']],
    ['poll open --local h', ['here']],
    ['poll open -- l', ['lunch']],
    ['poll open -n ', ['default', 'shop']],
    ['poll open --context=', ['--context=arn:aws:eks', '--context=kind']],
    ['poll open --context=arn:', ['--context=arn:aws:eks']],
    ['poll open -o ', ['table', 'json']],
    ['poll open --output=j', ['--output=json']],
    ['poll open --c', ['--context', '--color']],
    ['poll open --color never --c', ['--context']],
    ['--color ', ['auto', 'never']],
    ['--color auto po', ['poll']],
    ['vote lunch ', ['lunch-pizza', 'lunch-salad']],
    ['vote --count 3 lunch lunch-s', ['lunch-salad']],
    ['vote --count ', []],
    ['create ', []],
    ['render -f ', 'files'],
    ['render --file=a', 'files'],
    ['completion ', ['bash', 'zsh']],
    ['nonsense ', []],
    ['poll open --nonsense=', []],
  ])('%j', async (line, expected) => {
    const found = await complete(program(), line.split(' '), live);
    expect(found === 'files' ? found : found.map(({ value }) => value)).toEqual(expected);
  });
});

import { asksCluster, asksPoll, reachesCluster } from '@voteapp/cli/command';
import { EXIT, EXIT_MEANINGS } from '@voteapp/cli/exit-codes';
import { explanationOf, shellLines } from '@voteapp/cli/help';
import { buildProgram } from '@voteapp/cli/program';

import { jsonAnswer } from './outputs.ts';
import { heading, shownDefault, table } from './tables.ts';

type Command = ReturnType<typeof buildProgram>;
type Option = Command['options'][number];

/** Columns of a block of code, and of prose. */
const COLUMNS = 120;
const program = buildProgram();

interface Shared {
  /** What they choose. */
  readonly what: string;
  readonly options: readonly Option[];
}

/** Options that many commands share; each of these has those of the one before it. */
const SHARED: readonly Shared[] = [
  { what: 'a cluster', options: reachesCluster(program.createCommand()).options },
  { what: 'a namespace of a cluster', options: asksCluster(program.createCommand()).options },
  { what: 'a poll', options: asksPoll(program.createCommand()).options },
];

function isSame(one: Option, other: Option): boolean {
  return one.flags === other.flags && one.description === other.description;
}

function includes(options: readonly Option[], option: Option): boolean {
  return options.some((each) => isSame(each, option));
}

function anchor(title: string): string {
  return `#${title.toLowerCase().replaceAll(' ', '-')}`;
}

function withChoices({ description, argChoices }: Pick<Option, 'description' | 'argChoices'>): string {
  if (argChoices === undefined) return description;
  return `${description}: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`;
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map((option) => {
    const { flags, defaultValueDescription, negate } = option;
    const fallback = negate ? '' : shownDefault(defaultValueDescription ?? (option.defaultValue as unknown));
    return [`\`${flags}\``, fallback, withChoices(option)];
  });
  return table(['option', 'default', 'meaning'], rows);
}

/** Examples, in a block of code, and what is to be known besides. */
function explanation(command: Command): string[] {
  const { examples = [], notes = [] } = explanationOf(command) ?? {};
  const lines = examples.flatMap((line) => shellLines(line, COLUMNS)).join('\n');
  const help = command.createHelp();
  return [
    ...(examples.length === 0 ? [] : [`\`\`\`sh\n${lines}\n\`\`\``]),
    ...notes.map((note) => help.boxWrap(note, COLUMNS)),
  ];
}

function titleOf({ what }: Shared): string {
  return `What chooses ${what}`;
}

function sharedSection(shared: Shared, index: number): string[] {
  const before = SHARED[index - 1];
  const added = shared.options.filter((option) => !includes(before?.options ?? [], option));
  const also = before === undefined ? [] : [`And all that [chooses ${before.what}](${anchor(titleOf(before))}).`];
  return [`## ${titleOf(shared)}`, optionTable(added), ...also];
}

function optionsOf({ options }: Command, title: string): string[] {
  const shared = SHARED.findLast((each) => each.options.every((option) => includes(options, option)));
  const own = options.filter((option) => !includes(shared?.options ?? [], option));
  const isJson = own.some(({ long, argChoices }) => long === '--output' && argChoices?.includes('json') === true);
  return [
    ...(own.length > 0 ? [optionTable(own)] : []),
    ...(shared === undefined ? [] : [`Also [what chooses ${shared.what}](${anchor(titleOf(shared))}).`]),
    ...(isJson ? [`\`-o json\` prints ${jsonAnswer(title)}.`] : []),
  ];
}

function argumentTable({ registeredArguments }: Command): string[] {
  const rows = registeredArguments.map((argument) => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    return [`\`${name}\``, withChoices(argument)];
  });
  return rows.length === 0 ? [] : [table(['argument', 'meaning'], rows)];
}

function section(command: Command, path: string): string[] {
  const title = `${path} ${command.name()}`.trim();
  if (command.commands.length > 0) {
    const lead = [`## voteapp ${title}`, command.description()];
    return [...lead, ...command.commands.flatMap((each) => section(each, title))];
  }
  return [
    `${path === '' ? '##' : '###'} voteapp ${title}`,
    command.description(),
    `\`\`\`text\nvoteapp ${title} ${command.usage()}\n\`\`\``,
    ...argumentTable(command),
    ...optionsOf(command, title),
    ...explanation(command),
  ];
}

export function cliPage(): string {
  const commands = program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== 'help');
  const exits = Object.entries(EXIT_MEANINGS).map(([name, meaning]) => [
    String(EXIT[name as keyof typeof EXIT]),
    meaning,
  ]);
  const parts = [
    heading('The command line', 'the commands in cli/src/commands').trimEnd(),
    program.description(),
    `The answer is on standard output; progress, hints and refusals are on standard error. \`voteapp <command> --help\`
shows what is below; as \`kubectl voteapp\` everything is the same. A command that lacks its verb, as \`voteapp poll\`,
shows its help on standard output and exits with 0, as \`voteapp\` alone does.`,
    table(
      ['command', 'what it does'],
      commands.map((command) => [
        `[\`${command.name()}\`](${anchor(`voteapp ${command.name()}`)})`,
        command.description(),
      ]),
    ),
    '## Exit codes',
    table(['code', 'when'], exits),
    '## Options of every command',
    optionTable(program.options),
    'With `auto` only a terminal gets colours, and none with `NO_COLOR` or `TERM=dumb`.',
    ...SHARED.flatMap(sharedSection),
    ...commands.flatMap((command) => section(command, '')),
  ];
  return `${parts.join('\n\n')}\n`;
}

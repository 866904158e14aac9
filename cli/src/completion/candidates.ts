import type { Command } from 'commander';

import { optionsOf, Walk, type Walked } from './walk.ts';

/** What could stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Candidates; or names of files, which the shell knows best. */
export type Completion = readonly Candidate[] | 'files';

/** Asks for what only a cluster or this machine knows: nothing where it does not answer. */
export interface Live {
  readonly names: (walked: Walked) => Promise<readonly string[]>;
  readonly namespaces: (walked: Walked) => Promise<readonly string[]>;
  readonly contexts: (walked: Walked) => Promise<readonly string[]>;
  /** Ids of what can be voted for in a poll. */
  readonly options: (walked: Walked, name: string | undefined) => Promise<readonly string[]>;
}

const FILES = new Set(['file', 'kubeconfig', 'data']);
/** Its name is one that there is not yet. */
const NAMES_ANEW = 'create';

function plain(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: '' }));
}

async function ofOption(walked: Walked, name: string, live: Live): Promise<Completion> {
  if (FILES.has(name)) return 'files';
  if (name === 'namespace') return plain(await live.namespaces(walked));
  return name === 'context' ? plain(await live.contexts(walked)) : [];
}

async function ofArgument(walked: Walked, name: string, live: Live): Promise<Completion> {
  if (name === 'name') return walked.command.name() === NAMES_ANEW ? [] : plain(await live.names(walked));
  if (name === 'option') return plain(await live.options(walked, walked.given[0]));
  return FILES.has(name) ? 'files' : [];
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.description() }));
}

function flagsOf({ command, values }: Walked): Candidate[] {
  const isFree = (name: string, mayRepeat: boolean): boolean => mayRepeat || !(name in values);
  return optionsOf(command)
    .filter((option) => isFree(option.attributeName(), option.variadic || Array.isArray(option.defaultValue)))
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));
}

async function allOf(walked: Walked, live: Live): Promise<Completion> {
  const { wanted, command } = walked;
  switch (wanted.what) {
    case 'nothing':
      return [];
    case 'command':
      return commandsOf(command);
    case 'option':
      return flagsOf(walked);
    case 'argument':
      return wanted.argument.argChoices === undefined
        ? await ofArgument(walked, wanted.argument.name(), live)
        : plain(wanted.argument.argChoices);
    case 'value': {
      const { option, prefix } = wanted;
      const found =
        option.argChoices === undefined
          ? await ofOption(walked, option.attributeName(), live)
          : plain(option.argChoices);
      return found === 'files' ? found : found.map(({ value }) => ({ value: prefix + value, description: '' }));
    }
  }
}

/** What could stand where the last of the words begins; the words are those after the program's name. */
export async function complete(program: Command, words: readonly string[], live: Live): Promise<Completion> {
  const walked = new Walk(program).to(words);
  const found = await allOf(walked, live);
  return found === 'files' ? found : found.filter(({ value }) => value.startsWith(walked.word));
}

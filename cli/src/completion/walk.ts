import type { Argument, Command, Option } from 'commander';

/** What a person is about to type. */
export type Wanted =
  | { readonly what: 'value'; readonly option: Option; readonly prefix: string }
  | { readonly what: 'option' }
  | { readonly what: 'command' }
  | { readonly what: 'argument'; readonly argument: Argument }
  | { readonly what: 'nothing' };

/** A command line up to the cursor, as far as it is understood. */
export interface Walked {
  readonly command: Command;
  readonly wanted: Wanted;
  /** The word at the cursor, as far as it is there. */
  readonly word: string;
  readonly given: readonly string[];
  /** Values of options by their attribute names, as the words have them. */
  readonly values: Readonly<Record<string, string | true>>;
}

function withAncestors(command: Command): Command[] {
  return command.parent === null ? [command] : [command, ...withAncestors(command.parent)];
}

/** The options that a command takes, those of its ancestors too, as in its help. */
export function optionsOf(command: Command): Option[] {
  return withAncestors(command).flatMap((each) => each.options.filter(({ hidden }) => !hidden));
}

function optionNamed(command: Command, flag: string): Option | undefined {
  return optionsOf(command).find(({ short, long }) => flag === short || flag === long);
}

/** Splits "--output=json". */
function parted(word: string): { flag: string; value: string | undefined } {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? { flag: word, value: undefined } : { flag: word.slice(0, at), value: word.slice(at + 1) };
}

/** Reads the words after the program's name; the last of them is at the cursor. */
export class Walk {
  #command: Command;
  #pending: Option | undefined;
  #isRaw = false;
  readonly #given: string[] = [];
  readonly #values: Record<string, string | true> = {};

  constructor(program: Command) {
    this.#command = program;
  }

  #takeOption(word: string): void {
    const { flag, value } = parted(word);
    const option = optionNamed(this.#command, flag);
    if (option === undefined) return;
    if (value === undefined && option.required) this.#pending = option;
    else this.#values[option.attributeName()] = value ?? true;
  }

  #take(word: string): void {
    if (this.#pending !== undefined) {
      this.#values[this.#pending.attributeName()] = word;
      this.#pending = undefined;
    } else if (!this.#isRaw && word === '--') this.#isRaw = true;
    else if (!this.#isRaw && word.startsWith('-') && word !== '-') this.#takeOption(word);
    else {
      const sub = this.#command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (sub !== undefined && this.#given.length === 0) this.#command = sub;
      else this.#given.push(word);
    }
  }

  #wanted(word: string): Wanted {
    if (this.#pending !== undefined) return { what: 'value', option: this.#pending, prefix: '' };
    if (!this.#isRaw && word.startsWith('-')) {
      const { flag, value } = parted(word);
      const option = value === undefined ? undefined : optionNamed(this.#command, flag);
      if (value === undefined) return { what: 'option' };
      return option === undefined ? { what: 'nothing' } : { what: 'value', option, prefix: `${flag}=` };
    }
    const { commands, registeredArguments } = this.#command;
    if (commands.length > 0) return { what: this.#given.length === 0 ? 'command' : 'nothing' };
    const last = registeredArguments.at(-1);
    const argument = registeredArguments[this.#given.length] ?? (last?.variadic === true ? last : undefined);
    return argument === undefined ? { what: 'nothing' } : { what: 'argument', argument };
  }

  to(words: readonly string[]): Walked {
    for (const word of words.slice(0, -1)) this.#take(word);
    const word = words.at(-1) ?? '';
    const wanted = this.#wanted(word);
    return { command: this.#command, wanted, word, given: this.#given, values: this.#values };
  }
}

import { EXIT, Failure } from '../exit-codes.ts';

export const COLOUR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColourChoice = (typeof COLOUR_CHOICES)[number];

/** What a command says, and to whom. */
export interface Terminal {
  /** A line of the answer: standard output. */
  print(text: string): void;
  /** A part of the answer, byte for byte. */
  write(text: string): void;
  /** Progress and hints: standard error. */
  tell(text: string): void;
  /** Whether somebody reads the answer, rather than a program. */
  readonly isInteractive: boolean;
  readonly hasColour: boolean;
  /** Characters in a line, as the window is now. */
  readonly columns: number;
  /** Lines of the window, as it is now. */
  readonly rows: number;
  /** Aborted by Ctrl-C, with the failure that the command ends with. */
  readonly signal: AbortSignal;
  /** In ms since the epoch. */
  readonly now: () => number;
}

const PIPE_COLUMNS = 120;
const FEWEST_COLUMNS = 40;

/** https://no-color.org: any value but an empty one. */
function choosesColour(choice: ColourChoice, isInteractive: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  return isInteractive && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

/** The terminal of this process; until `release`, Ctrl-C aborts its signal. */
export function processTerminal(colour: ColourChoice): Terminal & { release(): void } {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new Failure(EXIT.interrupted, 'Interrupted.'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const isInteractive = process.stdout.isTTY;
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    write: (text) => void process.stdout.write(text),
    tell: (text) => void process.stderr.write(`${text}\n`),
    isInteractive,
    hasColour: choosesColour(colour, isInteractive),
    get columns() {
      return Math.max(FEWEST_COLUMNS, isInteractive ? process.stdout.columns : PIPE_COLUMNS);
    },
    get rows() {
      return isInteractive ? process.stdout.rows : Number.POSITIVE_INFINITY;
    },
    signal: interrupted.signal,
    now: Date.now,
    release() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}

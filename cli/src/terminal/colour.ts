import { styleText } from 'node:util';

import type { Terminal } from './terminal.ts';

/** Good news, bad news, news to look at, and what matters less. */
export type Tone = 'good' | 'bad' | 'careful' | 'faint' | 'strong';

const STYLES = { good: 'green', bad: 'red', careful: 'yellow', faint: 'dim', strong: 'bold' } as const;

/** The text in a tone; as it is where there is no colour. */
export function toned(terminal: Pick<Terminal, 'hasColour'>, tone: Tone, text: string): string {
  return terminal.hasColour ? styleText(STYLES[tone], text, { validateStream: false }) : text;
}

const TINTS = ['cyan', 'magenta', 'blue', 'yellow', 'green'] as const;

/** The text in one of a few colours that only tell things apart. */
export function tinted(terminal: Pick<Terminal, 'hasColour'>, nth: number, text: string): string {
  return terminal.hasColour ? styleText(TINTS[nth % TINTS.length] ?? 'cyan', text, { validateStream: false }) : text;
}

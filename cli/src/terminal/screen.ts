import type { Terminal } from './terminal.ts';
import { clipped } from './width.ts';

const ESC = '\u001B[';

/** Lines of the answer that are drawn anew, each time over those before. */
export class Screen {
  readonly #terminal: Pick<Terminal, 'write' | 'columns' | 'rows'>;
  #drawn = 0;
  #columns = 0;

  constructor(terminal: Pick<Terminal, 'write' | 'columns' | 'rows'>) {
    this.#terminal = terminal;
  }

  #show(lines: readonly string[]): void {
    const { columns } = this.#terminal;
    // In a window of another width the lines before are broken elsewhere, and nobody knows how many they are.
    const isResized = this.#drawn > 0 && columns !== this.#columns;
    // From the first column: a Ctrl-C may have left its "^C".
    const back = isResized ? `${ESC}2J${ESC}H` : this.#drawn > 0 ? `\r${ESC}${this.#drawn}A` : '';
    // Written over line by line, for a cleared screen flickers, and some terminals keep each one in their history.
    this.#terminal.write(`${back}${lines.map((line) => `${line}${ESC}K\n`).join('')}${ESC}J`);
    this.#drawn = lines.length;
    this.#columns = columns;
  }

  /** Draws lines that stay until the next ones; what the window has no room for is left out. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#terminal;
    const room = Math.max(1, rows - 1);
    const fitting = lines.map((line) => clipped(line, columns));
    this.#show(fitting.length <= room ? fitting : [...fitting.slice(0, room - 1), '…']);
  }

  /** Draws lines that stay for good, as long as they are. */
  end(lines: readonly string[]): void {
    this.#show(lines);
    this.#drawn = 0;
  }
}

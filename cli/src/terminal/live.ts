import { formatted } from './format.ts';
import { Screen } from './screen.ts';
import type { Terminal } from './terminal.ts';

const TICK_MS = 10_000;

/** How something that changes is shown. */
export interface LiveView<T> {
  readonly format: 'text' | 'json' | 'yaml';
  /** For a person, as it is now. */
  readonly lines: (value: T) => readonly string[];
  /** What has changed, for those who read no screen: a line. */
  readonly news: (value: T) => string;
}

/** Shows something that changes, until it is ended. */
export interface Live<T> {
  show(value: T): void;
  /** Shows what there was last for good, and ends. */
  end(): void;
}

/**
 * Shows what changes: in a window drawn anew; to a program as one JSON text a line, or one YAML document after another;
 * in a pipe as news on standard error, and in full at its end.
 */
export function live<T>(view: LiveView<T>, terminal: Terminal): Live<T> {
  const { format } = view;
  if (format !== 'text') return documents(format, terminal);
  return terminal.isInteractive ? drawn(view, terminal) : told(view, terminal);
}

function documents<T>(format: 'json' | 'yaml', terminal: Terminal): Live<T> {
  let before = '';
  return {
    show(value) {
      const text = format === 'json' ? JSON.stringify(value) : `---\n${formatted(value, format)}`;
      if (text !== before) terminal.print(text);
      before = text;
    },
    end() {},
  };
}

function drawn<T>({ lines }: LiveView<T>, terminal: Terminal): Live<T> {
  const screen = new Screen(terminal);
  let last: { readonly value: T } | null = null;
  // What is told of the time that is left changes by itself.
  const ticking = setInterval(() => {
    if (last !== null) screen.draw(lines(last.value));
  }, TICK_MS);
  return {
    show(value) {
      last = { value };
      screen.draw(lines(value));
    },
    end() {
      clearInterval(ticking);
      if (last !== null) screen.end(lines(last.value));
    },
  };
}

function told<T>({ lines, news }: LiveView<T>, terminal: Terminal): Live<T> {
  let last: { readonly value: T } | null = null;
  let before = '';
  return {
    show(value) {
      last = { value };
      const line = news(value);
      if (line !== before) terminal.tell(line);
      before = line;
    },
    end() {
      if (last !== null) for (const line of lines(last.value)) terminal.print(line);
    },
  };
}

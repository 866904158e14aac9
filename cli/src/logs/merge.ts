import { isAtLeast, type LogLevel } from './levels.ts';
import type { LogLine } from './line.ts';

/** The lines of several logs, each in its own order, in the order of their times. */
export async function* merged(logs: readonly AsyncIterable<LogLine>[]): AsyncGenerator<LogLine, void> {
  const all = logs.map((log) => log[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(all.map((log) => log.next()));
    for (;;) {
      let first = -1;
      let earliest = Number.POSITIVE_INFINITY;
      for (const [index, { done, value }] of heads.entries()) {
        if (done === true || value.at >= earliest) continue;
        first = index;
        earliest = value.at;
      }
      const [log, head] = [all[first], heads[first]];
      if (log === undefined || head === undefined || head.done === true) return;
      yield head.value;
      heads[first] = await log.next();
    }
  } finally {
    await Promise.allSettled(all.map(async (log) => log.return?.()));
  }
}

/** Whether a line is to be shown; one without a level goes with that before it in its log, as of a stack. */
export function levelFilter(least: LogLevel | undefined): (line: LogLine) => boolean {
  const last = new Map<string, LogLevel>();
  return ({ source: { pod, container }, level }) => {
    if (least === undefined) return true;
    const key = `${pod}/${container}`;
    if (level !== null) last.set(key, level);
    return isAtLeast(level ?? last.get(key) ?? 'info', least);
  };
}

/** Puts lines that come from several logs at about the same time in their order: each waits a moment for others. */
export class Reordered {
  readonly #show: (line: LogLine) => void;
  readonly #waitMs: number;
  #waiting: LogLine[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(show: (line: LogLine) => void, waitMs: number) {
    this.#show = show;
    this.#waitMs = waitMs;
  }

  add(line: LogLine): void {
    this.#waiting.push(line);
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs);
  }

  /** Shows what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting.toSorted((one, other) => one.at - other.at);
    this.#waiting = [];
    for (const line of lines) this.#show(line);
  }
}

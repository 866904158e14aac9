/** What one viewer was shown: votes accepted, as the event said, and when it came (ms since the epoch). */
export interface Shown {
  readonly accepted: number;
  readonly at: number;
}

const ACCEPTED = '"accepted":';

/** Finds the numbers in the events of a results stream, however they are cut. */
export class StreamReader {
  readonly #onShown: (accepted: number) => void;
  #rest = '';

  constructor(onShown: (accepted: number) => void) {
    this.#onShown = onShown;
  }

  read(text: string): void {
    const events = (this.#rest + text).split('\n\n');
    this.#rest = events.pop() ?? '';
    for (const event of events) {
      const at = event.indexOf(ACCEPTED);
      if (at >= 0) this.#onShown(Number.parseInt(event.slice(at + ACCEPTED.length), 10));
    }
  }
}

/** Votes that are due `perTick` at a time, every `tickMs`, the first ones at `startedAt` (ms since the epoch). */
export interface Bursts {
  readonly startedAt: number;
  readonly tickMs: number;
  readonly perTick: number;
}

/**
 * From when votes were due to the event that shows them, ms: for each event the longest wait of a vote that is new in it.
 * Votes are counted in the order they were sent, give or take those in flight together; `before`: accepted before the
 * first of them.
 */
export function waitsOf(shown: readonly Shown[], { startedAt, tickMs, perTick }: Bursts, before: number): number[] {
  let known = before;
  return shown.flatMap(({ accepted, at }) => {
    if (accepted <= known) return [];
    const due = startedAt + Math.floor((known - before) / perTick) * tickMs;
    known = accepted;
    return [at - due];
  });
}

/** A value that was read at most `maxAgeMs` ago; else that of the read under way, or of a new one. */
export type SharedRead<T> = (maxAgeMs: number) => Promise<T>;

interface Reading<T> {
  readonly startedAt: number;
  readonly result: Promise<T>;
}

/**
 * Wraps a read so that all who ask share it. Whoever asks when the last one began `renewAfterMs` ago has the next one
 * begin, and waits for it only if the last one is too old for him: so while many ask, nobody waits. A failed read is
 * shared just the same: a store in trouble is not asked more often than a healthy one.
 */
export function shareReads<T>(read: () => Promise<T>, renewAfterMs: number, now: () => number): SharedRead<T> {
  let last: Reading<T> | undefined;
  let running: Reading<T> | undefined;

  function begin(startedAt: number): Reading<T> {
    const reading = {
      startedAt,
      result: read().finally(() => {
        last = reading;
        running = undefined;
      }),
    };
    // Perhaps nobody waits for it.
    reading.result.catch(() => undefined);
    return reading;
  }

  return (maxAgeMs) => {
    const time = now();
    // A negative age: the clock was set back.
    const isYoung = ({ startedAt }: Reading<T>, limit: number): boolean =>
      time >= startedAt && time - startedAt < limit;
    if (last !== undefined && isYoung(last, renewAfterMs)) return last.result;
    running ??= begin(time);
    return last !== undefined && isYoung(last, maxAgeMs) ? last.result : running.result;
  };
}

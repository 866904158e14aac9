/**
 * Wraps a read so that whoever asks while one is under way, or within `maxAgeMs` of its start, gets that one. A failed
 * read is shared just the same: a store in trouble is not asked more often than a healthy one.
 */
export function shareReads<T>(read: () => Promise<T>, maxAgeMs: number, now: () => number): () => Promise<T> {
  let latest: { readonly startedAt: number; readonly result: Promise<T> } | undefined;
  let running = false;
  return () => {
    const time = now();
    if (latest !== undefined) {
      const age = time - latest.startedAt;
      // A negative age: the clock was set back.
      if (running || (age >= 0 && age < maxAgeMs)) return latest.result;
    }
    running = true;
    const result = read().finally(() => {
      running = false;
    });
    latest = { startedAt: time, result };
    return result;
  };
}

/** Waits for the end of something, whatever it is, but no longer than so many ms. */
export function atMost(limitMs: number, ending: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    ending.then(end, end);
  });
}

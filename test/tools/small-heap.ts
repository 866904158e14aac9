/**
 * Options of Node.js for a heap of so many MiB, with the share of it for new objects that V8 takes in a container. Told
 * of the old ones alone it keeps the young generation of the whole machine, and collects all the time.
 */
export function smallHeap(mib: number): string {
  return `--max-old-space-size=${mib} --max-semi-space-size=${Math.ceil(mib / 8)}`;
}

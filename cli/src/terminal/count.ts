/** A number of things, as 12,345. */
export function shownCount(count: number): string {
  return count.toLocaleString('en');
}

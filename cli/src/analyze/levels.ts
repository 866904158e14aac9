/** How bad a finding is, the mildest first. */
export const LEVELS = ['Info', 'Warning', 'Error'] as const;

export type Level = (typeof LEVELS)[number];

export function isAtLeast(level: Level, threshold: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(threshold);
}

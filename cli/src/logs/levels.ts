/** Levels of a log line, the least first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Words of the database's and the broker's own logs. */
const OTHER_WORDS: Readonly<Record<string, LogLevel>> = {
  note: 'info',
  system: 'info',
  notice: 'info',
  warning: 'warn',
  critical: 'fatal',
};

/** The level of a word, as "Warning"; null where it is none. */
export function levelOfWord(word: string): LogLevel | null {
  const lower = word.toLowerCase();
  return LOG_LEVELS.find((level) => level === lower) ?? OTHER_WORDS[lower] ?? null;
}

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

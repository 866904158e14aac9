import { wholeUnits } from '@voteapp/contracts/resource/quantity';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes for people, such as "1.5 GiB". */
export function shownBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const amount = bytes / 1024 ** power;
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)} ${UNITS[power]}`;
}

/** A number for people, such as "25,000". */
export function shownCount(number: number): string {
  return number.toLocaleString('en');
}

/** Cores of a quantity of CPU: 0.25 of "250m". */
export function coresOf(quantity: string): number {
  if (quantity.endsWith('m')) return Number(quantity.slice(0, -1)) / 1_000;
  return /^[0-9.]+$/.test(quantity) ? Number(quantity) : wholeUnits(quantity);
}

/** A length of time for people, such as "20 min". */
export function shownTime(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7_200 ? `${Math.ceil(seconds / 60)} min` : `${Number((seconds / 3_600).toFixed(1))} h`;
}

/** As "1 pod" and "2 pods". */
export function counted(number: number, thing: string): string {
  return `${shownCount(number)} ${thing}${number === 1 ? '' : 's'}`;
}

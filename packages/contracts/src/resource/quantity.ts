const FACTORS: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
};

/**
 * The quantities of Kubernetes that are not negative, have no exponent and are below 2^63, where its own arithmetic
 * ends: such as `500m`, `1.5Gi` and `2`.
 */
export const QUANTITY_PATTERN =
  /^([0-9]{1,15}([.][0-9]{1,3})?(m|k|Ki)?|[0-9]{1,9}([.][0-9]{1,3})?(M|Mi|G|Gi)|[0-9]{1,6}([.][0-9]{1,3})?(T|Ti))$/;

/** What a quantity is in millionths; null when it is none. */
function millionths(quantity: string | number): bigint | null {
  const text = String(quantity);
  if (!QUANTITY_PATTERN.test(text)) return null;
  const [, whole = '', fraction = '', unit = ''] = /^([0-9]+)[.]?([0-9]*)(.*)$/.exec(text) ?? [];
  const thousandths = BigInt(whole + fraction.padEnd(3, '0'));
  return thousandths * (unit === 'm' ? 1n : 1_000n * (FACTORS[unit] ?? 1n));
}

/** Whether one quantity is not above another; also true when either is none. */
export function isAtMost(quantity: string | number, limit: string | number): boolean {
  const [one, other] = [millionths(quantity), millionths(limit)];
  return one === null || other === null || one <= other;
}

/** What a quantity is in whole units, rounded down: bytes of memory, cores of CPU. Throws when it is none. */
export function wholeUnits(quantity: string | number): number {
  const amount = millionths(quantity);
  if (amount === null) throw new RangeError(`${quantity} is no quantity`);
  return Number(amount / 1_000_000n);
}

import { isAtMost, QUANTITY_PATTERN } from '@voteapp/contracts/resource/quantity';

/** Fields that tell the elements of a list apart, where the API server merges such lists; the first that fits. */
const KEYS = ['uid', 'mountPath', 'name'] as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The API server writes quantities in a form of its own: `1000m` becomes `1`. */
function areEqualQuantities(one: unknown, other: unknown): boolean {
  const isQuantity = (value: unknown): value is string | number =>
    (typeof value === 'string' || typeof value === 'number') && QUANTITY_PATTERN.test(String(value));
  return isQuantity(one) && isQuantity(other) && isAtMost(one, other) && isAtMost(other, one);
}

function isQuantityPath(path: string): boolean {
  return /\.(requests|limits)\.[a-z]+$/.test(path);
}

/** Whether the API server leaves it out: what is empty is to it as if nobody had said it. */
function isEmpty(value: unknown): boolean {
  if (isObject(value)) return Object.keys(value).length === 0;
  return Array.isArray(value) ? value.length === 0 : value === '';
}

function firstOf<T>(items: readonly T[], difference: (item: T, index: number) => string | null): string | null {
  for (const [index, item] of items.entries()) {
    const found = difference(item, index);
    if (found !== null) return found;
  }
  return null;
}

function tellsApart(name: string, items: readonly unknown[]): boolean {
  const values = new Set(items.map((item) => (isObject(item) ? item[name] : undefined)));
  return items.length > 0 && values.size === items.length && !values.has(undefined);
}

function listDifference(wanted: readonly unknown[], live: readonly unknown[], path: string): string | null {
  const key = KEYS.find((name) => tellsApart(name, wanted));
  if (key === undefined) {
    if (wanted.length !== live.length) return path;
    return firstOf(wanted, (item, index) => difference(item, live[index], `${path}[${index}]`));
  }
  return firstOf(wanted as readonly Record<string, unknown>[], (item) => {
    const other = live.find((candidate) => isObject(candidate) && candidate[key] === item[key]);
    return difference(item, other, `${path}[${String(item[key])}]`);
  });
}

/**
 * The path of the first field that an object is to have and has otherwise or not at all; null where it has all of them.
 * What it has besides, from the server's defaults or from somebody else, is none of our business.
 */
export function difference(wanted: unknown, live: unknown, path = ''): string | null {
  if (wanted === undefined || wanted === live) return null;
  if (live === undefined) return isEmpty(wanted) ? null : path;
  if (Array.isArray(wanted)) return Array.isArray(live) ? listDifference(wanted, live, path) : path;
  if (isObject(wanted)) {
    if (!isObject(live)) return path;
    return firstOf(Object.entries(wanted), ([name, value]) =>
      difference(value, live[name], path === '' ? name : `${path}.${name}`),
    );
  }
  return isQuantityPath(path) && areEqualQuantities(wanted, live) ? null : path;
}

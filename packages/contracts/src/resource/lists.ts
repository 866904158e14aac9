import type * as z from 'zod';

import { withKeyword, withRules } from './rule.ts';

/** A list whose elements are told apart by one of their fields, and merged by it in a server-side apply. */
export function listMap<Item extends z.ZodType<Readonly<Record<Key, string>>>, Key extends string>(
  list: z.ZodArray<Item>,
  key: Key,
): z.ZodArray<Item> {
  return withKeyword(list, {
    keyword: { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] },
    message: `must have distinct ${key === 'id' ? 'ids' : `${key}s`}`,
    holds: (items) => new Set(items.map((item) => item[key])).size === items.length,
  });
}

/**
 * A list of values that do not repeat. It is not a set to Kubernetes: a server-side apply would add to the default of a
 * set, where one means to replace it.
 */
export function distinct<Item extends z.ZodType<string>>(list: z.ZodArray<Item>, message: string): z.ZodArray<Item> {
  return withRules(list, {
    cel: 'self.all(one, self.exists_one(other, other == one))',
    message,
    holds: (items) => new Set(items).size === items.length,
  });
}

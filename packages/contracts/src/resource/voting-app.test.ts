import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

import { BAD_RESOURCES, GOOD_RESOURCES, type GoodResource } from '../contract/resource-table.ts';
import type { Problem } from '../definition.ts';
import { problemsOf } from '../problems.ts';
import { editProblems, TRANSITION_RULES } from './transitions.ts';
import { resourceSchema } from './voting-app.ts';

/** Every problem of a resource and, where it is valid, of the edit that makes it. */
function judged({ before, resource }: GoodResource): Problem[] {
  // As it crosses the wire, without what is undefined.
  const parsed = resourceSchema.safeParse(JSON.parse(JSON.stringify(resource)));
  if (!parsed.success) {
    return problemsOf(parsed.error).map(({ path, message }) => {
      const [, field] = /^has the unknown field "(.*)"$/.exec(message) ?? [];
      return field === undefined ? { path, message } : { path: `${path}.${field}`, message: 'is unknown' };
    });
  }
  return before === undefined ? [] : editProblems(resourceSchema.parse(before), parsed.data);
}

describe('the schema', () => {
  it.each(Object.entries(GOOD_RESOURCES))('takes %s', (_, good) => {
    expect(judged(good)).toEqual([]);
  });

  it.each(Object.entries(BAD_RESOURCES))('refuses %s', (_, { path, message, ...bad }) => {
    expect(judged(bad)).toEqual([{ path, message }]);
  });

  it('takes no bad resource’s beginning to be bad', () => {
    const beginnings = Object.values(BAD_RESOURCES).flatMap(({ before }) => (before === undefined ? [] : [before]));
    expect(beginnings.flatMap((resource) => judged({ resource }))).toEqual([]);
  });

  it.each([...refinements(resourceSchema)])('would take a bad resource if nothing said that it %s', (_, checks) => {
    const stubs = checks.map((check) => vi.spyOn(check, 'check').mockReturnValue(undefined));
    try {
      expect(Object.values(BAD_RESOURCES).filter((bad) => judged(bad).length === 0)).not.toEqual([]);
    } finally {
      for (const stub of stubs) stub.mockRestore();
    }
  });

  it.each(TRANSITION_RULES.map(({ fieldPath = '' }) => fieldPath.slice(1)))('sees a bad edit of %s', (field) => {
    expect(Object.values(BAD_RESOURCES).some(({ before, path }) => before !== undefined && path === field)).toBe(true);
  });
});

interface Internals {
  readonly def: {
    readonly check?: string;
    readonly checks?: readonly object[];
    readonly path?: readonly string[];
    readonly error?: (issue: object) => string;
    readonly shape?: object;
  };
  check: (payload: object) => void;
}

function internalsOf(part: object): Internals {
  return Reflect.get(part, '_zod') as Internals;
}

/** The refinements in a schema, those that say the same of different fields together. */
function refinements(schema: z.core.$ZodType): Map<string, Internals[]> {
  const found = new Map<string, Internals[]>();
  const seen = new Set<object>();
  function collect(part: object): void {
    if (seen.has(part)) return;
    seen.add(part);
    const { checks = [], ...def } = internalsOf(part).def;
    for (const check of checks.map(internalsOf)) {
      if (check.def.check !== 'custom') continue;
      const clause = [...(check.def.path ?? []), check.def.error?.({})].join(' ');
      found.set(clause, [...(found.get(clause) ?? []), check]);
    }
    for (const value of Object.values({ ...def, ...def.shape }).flat()) {
      if (value instanceof z.core.$ZodType) collect(value);
    }
  }
  collect(schema);
  return found;
}

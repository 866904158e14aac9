import type * as z from 'zod';

import type { Problem } from './definition.ts';

type Issue = z.core.$ZodIssue;

function pathOf(root: string, keys: readonly PropertyKey[]): string {
  let path = root;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}

function withArticle(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = { array: 'list', record: 'map', int: 'whole number' };

function clause(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? 'is required'
        : `must be ${withArticle(TYPE_NAMES[issue.expected] ?? issue.expected)}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `has the unknown field ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    case 'too_small':
      return bound('at least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('at most', issue.maximum, issue.origin);
    default:
      return issue.message;
  }
}

function bound(words: string, limit: number | bigint, origin: string): string {
  if (limit === 1 && words === 'at least' && origin !== 'number') return 'must not be empty';
  if (origin === 'string') return `must have ${words} ${limit} characters`;
  if (origin === 'array') return `must have ${words} ${limit} elements`;
  return `must be ${words} ${limit}`;
}

// A message given to the schema says more than the generic one; zod's own all start with "Invalid" or "Too".
function isOwnMessage({ message }: Issue): boolean {
  return !/^(Invalid|Too|Unrecognized)/.test(message);
}

/** Each issue as a field path (from `root`) and a clause that follows it: "spec.poll.shards must be at most 64". */
export function problemsOf(error: z.ZodError, root = ''): Problem[] {
  return error.issues.map((issue) => ({
    path: pathOf(root, issue.path),
    message: isOwnMessage(issue) ? issue.message : clause(issue),
  }));
}

/** One sentence without a final stop. */
export function sentence({ path, message }: Problem): string {
  return path === '' ? `It ${message}` : `${path} ${message}`;
}

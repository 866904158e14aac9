import { stringify } from 'yaml';

// What reads YAML on clusters knows its version 1.1, to which a plain `no` is false and `012` is ten.
const YAML = { version: '1.1', lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false } as const;

/** A value as JSON or YAML, without a line break at its end. */
export function formatted(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? JSON.stringify(value, null, 2) : stringify(value, YAML).trimEnd();
}

/** Objects of Kubernetes as `kubectl` prints several: as JSON one List, as YAML a document each. */
export function formattedObjects(objects: readonly object[], format: 'json' | 'yaml'): string {
  if (format === 'json') return formatted({ apiVersion: 'v1', kind: 'List', items: objects }, format);
  return objects.map((object) => formatted(object, format)).join('\n---\n');
}

import { type JsonSchema, shownDefault } from './tables.ts';

export const FIELD_COLUMNS = ['field', 'type', 'default', 'limits', 'meaning'] as const;

function typeOf(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.properties === undefined && schema.type === 'object') return 'map of strings';
  if (schema.type === 'array')
    return `list of ${schema.items?.type === 'object' ? 'objects' : typeOf(schema.items ?? {})}`;
  return schema.format === 'date-time' ? 'time (RFC 3339)' : (schema.type ?? '');
}

function limits(schema: JsonSchema): string {
  const { minItems, maxItems, minLength, maxLength, maxProperties, minimum, maximum } = schema;
  const range = (min: number | undefined, max: number | undefined, unit: string): string =>
    max === undefined || max === Number.MAX_SAFE_INTEGER ? '' : `${min ?? 0} to ${max}${unit}`;
  return (
    range(minItems, maxItems, ' elements') ||
    range(0, maxProperties, ' entries') ||
    range(minLength, maxLength, ' characters') ||
    range(minimum, maximum, '')
  );
}

/**
 * A row per field below a path: field, type, default, limits, meaning. An object has one only if `noteOf` has something to
 * say of it beside its description.
 */
export function fieldRows(
  schema: JsonSchema,
  path: string,
  noteOf: (path: string) => string = () => '',
): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    const note = noteOf(here);
    const nested = property.items?.properties
      ? fieldRows(property.items, `${here}[]`, noteOf)
      : fieldRows(property, here, noteOf);
    if (property.properties !== undefined && note === '') return nested;
    const required = schema.required?.includes(name) === true ? 'required' : shownDefault(property.default);
    const meaning = [property.description ?? '', note].filter((text) => text !== '').join(' ');
    return [[`\`${here}\``, typeOf(property), required, limits(property), meaning], ...nested];
  });
}

import { pollSchema } from '@voteapp/contracts/poll';

import { heading, type JsonSchema, jsonSchema, shownDefault, table } from './tables.ts';

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array')
    return `list of ${schema.items?.type === 'object' ? 'objects' : typeOf(schema.items ?? {})}`;
  return schema.format === 'date-time' ? 'time (ISO 8601)' : (schema.type ?? '');
}

function limits(schema: JsonSchema): string {
  const { minItems, maxItems, minLength, maxLength, minimum, maximum } = schema;
  const range = (min: number | undefined, max: number | undefined, unit: string): string =>
    max === undefined ? '' : `${min ?? 0} to ${max}${unit}`;
  return (
    range(minItems, maxItems, ' elements') || range(minLength, maxLength, ' characters') || range(minimum, maximum, '')
  );
}

function rowsOf(schema: JsonSchema, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const here = `${path}${name}`;
    const required = schema.required?.includes(name) === true ? 'required' : shownDefault(property.default);
    const nested = property.items?.properties ? rowsOf(property.items, `${here}[].`) : rowsOf(property, `${here}.`);
    const row = [`\`${here}\``, typeOf(property), required, limits(property), property.description ?? ''];
    return property.type === 'object' ? nested : [row, ...nested];
  });
}

export function pollPage(): string {
  return `${heading('The poll: `spec.poll` of a VotingApp', 'packages/contracts/src/poll.ts')}
${table(['field', 'type', 'default', 'limits', 'meaning'], rowsOf(jsonSchema(pollSchema), 'spec.poll.'))}

Within a round (\`spec.poll.id\`) the policy and the shards stay as they are, and options may only be appended. A new id
starts a new count; the old round stays readable.
`;
}

import { stringify } from 'yaml';
import * as z from 'zod';

import { type JsonSchema, shownDefault, table } from '../reference/tables.ts';

const WIDTH = 100;

/** A value of a chart, or a section of them. One that has a default is shown as a whole, whatever is in it. */
export interface Value extends JsonSchema {
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, Value>>;
}

/** What the values of a chart may be. */
export interface ChartValues {
  readonly schema: Value;
  /** The file that they are written in. */
  readonly source: string;
}

/** The values that a schema of zod's describes. */
export function valuesOf(schema: z.ZodType): Value {
  return z.toJSONSchema(schema, {
    // Helm before 3.18 knows no later draft.
    target: 'draft-7',
    io: 'input',
    override({ jsonSchema, path }) {
      // Nothing is required of a file of values; of what its lists hold, something may be.
      if (!path.includes('items')) delete jsonSchema.required;
    },
  }) as Value;
}

/** The text of `values.schema.json`. */
export function valuesSchemaFile({ schema }: ChartValues): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function comment(text: string, indent: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`;
    if (`${indent}#${line}`.length > WIDTH) lines.push(` ${word}`);
    else lines[lines.length - 1] = line;
  }
  return lines.map((line) => `${indent}#${line}\n`).join('');
}

function isSection({ properties, default: whole }: Value): boolean {
  return properties !== undefined && whole === undefined;
}

/** Values as YAML, each under its description. Throws when one has none, or has no default. */
function commented(section: Value, path: string): string {
  const depth = path.split('.').length - 1;
  const indent = '  '.repeat(depth);
  return Object.entries(section.properties ?? {})
    .map(([name, value]) => {
      const here = `${path}${name}`;
      if (value.description === undefined) throw new Error(`${here} has no description`);
      const head = comment(value.description, indent);
      if (isSection(value)) return `${head}${indent}${name}:\n${commented(value, `${here}.`)}`;
      if (value.default === undefined) throw new Error(`${here} has no default`);
      const text = stringify({ [name]: value.default }, { lineWidth: 0, singleQuote: true });
      return head + text.replaceAll(/^(?=.)/gm, indent);
    })
    .join(depth === 0 ? '\n' : '');
}

/** The text of `values.yaml`. */
export function valuesFile({ schema, source }: ChartValues): string {
  return `# Generated from ${source} by \`npm run generate\`; do not edit.\n\n${commented(schema, '')}`;
}

function typeOf({ anyOf, enum: choices, type, items, additionalProperties }: Value): string {
  if (anyOf !== undefined) return 'quantity';
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ');
  if (type === 'array') return `list of ${items?.type === 'object' ? 'objects' : `${typeOf(items ?? {})}s`}`;
  if (typeof additionalProperties !== 'object' || Object.keys(additionalProperties).length === 0) return type ?? '';
  return `map of ${typeOf(additionalProperties).replace(/y$/, 'ie')}s`;
}

function rows(section: Value, path: string): readonly (readonly string[])[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, value]) => {
    const here = `${path}${name}`;
    const [field, meaning] = [`\`${here}\``, value.description ?? ''];
    if (isSection(value)) return [[field, '', '', meaning], ...rows(value, `${here}.`)];
    return [[field, typeOf(value), shownDefault(value.default), meaning]];
  });
}

/** The text of a chart's README with the table of values anew. Throws when it has no place for one. */
export function withValuesTable(readme: string, { schema, source }: ChartValues): string {
  const mark = `<!-- Below: generated from ${source} by \`npm run generate\`; do not edit. -->`;
  const [prose, ...rest] = readme.split(mark);
  if (prose === undefined || rest.length !== 1) throw new Error(`The README of the chart needs the line ${mark}`);
  return `${prose}${mark}\n\n${table(['value', 'type', 'default', 'meaning'], rows(schema, ''))}\n`;
}

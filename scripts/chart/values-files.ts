import { stringify } from 'yaml';
import * as z from 'zod';

import { type JsonSchema, shownDefault, table } from '../reference/tables.ts';
import { valuesSchema } from './values.ts';

const WIDTH = 100;

/** A value of the chart, or a section of them. */
interface Value extends JsonSchema {
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, Value>>;
}

function values(): Value {
  return z.toJSONSchema(valuesSchema, {
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
export function valuesSchemaFile(): string {
  return `${JSON.stringify(values(), null, 2)}\n`;
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

/** Values as YAML, each under its description. Throws when one has none, or has no default. */
function commented(section: Value, path: string): string {
  const depth = path.split('.').length - 1;
  const indent = '  '.repeat(depth);
  return Object.entries(section.properties ?? {})
    .map(([name, value]) => {
      const here = `${path}${name}`;
      if (value.description === undefined) throw new Error(`${here} has no description`);
      const head = comment(value.description, indent);
      if (value.properties !== undefined) return `${head}${indent}${name}:\n${commented(value, `${here}.`)}`;
      if (value.default === undefined) throw new Error(`${here} has no default`);
      const text = stringify({ [name]: value.default }, { lineWidth: 0, singleQuote: true });
      return head + text.replaceAll(/^(?=.)/gm, indent);
    })
    .join(depth === 0 ? '\n' : '');
}

/** The text of `values.yaml`. */
export function valuesFile(): string {
  return `# Generated from scripts/chart/values.ts by \`npm run generate\`; do not edit.\n\n${commented(values(), '')}`;
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
    if (value.properties !== undefined) return [[field, '', '', meaning], ...rows(value, `${here}.`)];
    return [[field, typeOf(value), shownDefault(value.default), meaning]];
  });
}

const TABLE_MARK = '<!-- Below: generated from scripts/chart/values.ts by `npm run generate`; do not edit. -->';

/** The text of the chart's README with the table of values anew. Throws when it has no place for one. */
export function withValuesTable(readme: string): string {
  const [prose, ...rest] = readme.split(TABLE_MARK);
  if (prose === undefined || rest.length !== 1) throw new Error(`The README of the chart needs the line ${TABLE_MARK}`);
  return `${prose}${TABLE_MARK}\n\n${table(['value', 'type', 'default', 'meaning'], rows(values(), ''))}\n`;
}

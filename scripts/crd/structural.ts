import { CEL_RULES, isExpressed } from '@voteapp/contracts/resource/rule';
import * as z from 'zod';

/** A schema that a CustomResourceDefinition may hold: every part has a type, and nothing is left open. */
export interface StructuralSchema {
  type?: string;
  description?: string;
  format?: string;
  default?: unknown;
  enum?: readonly unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  items?: StructuralSchema;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  required?: readonly string[];
  [CEL_RULES]?: readonly unknown[];
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-list-type'?: 'atomic' | 'map';
  'x-kubernetes-list-map-keys'?: readonly string[];
}

/** Something that a CustomResourceDefinition cannot say, or must not leave unsaid. */
class NotStructural extends Error {
  constructor(path: string, problem: string) {
    super(`${path} ${problem}.`);
    this.name = 'NotStructural';
  }
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

// What means the same in both. The rest is translated or refused.
const SAME = [
  'description',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'pattern',
  'required',
  CEL_RULES,
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const satisfies readonly (keyof StructuralSchema)[];

const TRANSLATED = [
  '$schema',
  'type',
  'format',
  'const',
  'anyOf',
  'items',
  'properties',
  'additionalProperties',
  'propertyNames',
];

/** Translates a schema of zod's. Throws a NotStructural. */
export function structuralSchema(schema: z.ZodType, path: string): StructuralSchema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, path: keys }) => requireExpressed(zodSchema as unknown as z.ZodType, pathOf(path, keys)),
  });
  return translate(json, path);
}

function pathOf(root: string, keys: readonly (string | number)[]): string {
  return [root, ...keys.filter((key) => key !== 'properties')].join('.').replaceAll('.items', '[]');
}

// The checks that have a keyword in a JSON Schema.
const KEYWORDS = [
  z.core.$ZodCheckGreaterThan,
  z.core.$ZodCheckLessThan,
  z.core.$ZodCheckMaxLength,
  z.core.$ZodCheckMinLength,
  z.core.$ZodCheckNumberFormat,
  z.core.$ZodCheckRegex,
];

/** A refinement leaves no trace in a JSON Schema: the API server would take what we refuse. */
function requireExpressed(schema: z.ZodType, path: string): void {
  if (schema.def.type === 'pipe') throw new NotStructural(path, 'is transformed, which no CRD can express');
  for (const check of schema.def.checks ?? []) {
    if (isExpressed(check) || KEYWORDS.some((keyword) => check instanceof keyword)) continue;
    throw new NotStructural(path, 'has a check that no keyword says; write it with withRules or withKeyword');
  }
}

function translate(json: JsonSchema, path: string): StructuralSchema {
  const unknown = Object.keys(json).filter((key) => !TRANSLATED.includes(key) && !SAME.some((same) => same === key));
  if (unknown.length > 0) throw new NotStructural(path, `has ${unknown.join(', ')}, which no CRD can express`);
  const same = Object.fromEntries(SAME.filter((key) => key in json).map((key) => [key, json[key]]));
  const result: StructuralSchema = { ...typed(json, path), ...same };
  requireBounds(result, path);
  return result;
}

function typed(json: JsonSchema, path: string): StructuralSchema {
  if (json.anyOf !== undefined) return intOrString(json.anyOf, path);
  if (json.const !== undefined) return { type: typeof json.const, enum: [json.const] };
  switch (json.type) {
    case 'object':
      return objectOf(json, path);
    case 'array':
      if (typeof json.items !== 'object' || Array.isArray(json.items))
        throw new NotStructural(path, 'has no one kind of item');
      return { type: 'array', items: translate(json.items, `${path}[]`), 'x-kubernetes-list-type': 'atomic' };
    case 'number':
      if (json.enum?.every(Number.isInteger) !== true)
        throw new NotStructural(path, 'is a number that may have a fraction');
      return { type: 'integer' };
    case 'string':
      return json.format === undefined ? { type: 'string' } : { type: 'string', format: json.format };
    case 'integer':
    case 'boolean':
      return { type: json.type };
    default:
      throw new NotStructural(path, 'has no type');
  }
}

function objectOf(json: JsonSchema, path: string): StructuralSchema {
  const { properties, additionalProperties, propertyNames } = json;
  if (properties !== undefined) {
    // A field that is not in the schema is refused anyway; Kubernetes takes only one of the two keywords.
    if (additionalProperties !== false) throw new NotStructural(path, 'takes unknown fields; make it a strictObject');
    return { type: 'object', properties: propertiesOf(properties, path) };
  }
  if (typeof additionalProperties !== 'object') throw new NotStructural(path, 'is an object of anything');
  if (typeof propertyNames !== 'object' || Object.keys(propertyNames).join() !== 'type') {
    throw new NotStructural(path, 'has a schema for its keys; write a rule instead');
  }
  return { type: 'object', additionalProperties: translate(additionalProperties, `${path}.*`) };
}

function propertiesOf(properties: Readonly<Record<string, JsonSchema | boolean>>, path: string) {
  const translated = Object.entries(properties).map(([name, property]): [string, StructuralSchema] => {
    const here = `${path}.${name}`;
    if (typeof property === 'boolean') throw new NotStructural(here, 'may be anything');
    if (property.description === undefined) throw new NotStructural(here, 'has no description');
    return [name, translate(property, here)];
  });
  return Object.fromEntries(translated);
}

/** Both members' bounds in one schema: each keyword judges only values of its own type. */
function intOrString(members: readonly JsonSchema[], path: string): StructuralSchema {
  const [integer, string] = members;
  if (members.length !== 2 || integer?.type !== 'integer' || string?.type !== 'string') {
    throw new NotStructural(path, 'is a union other than that of an integer and a string');
  }
  const { type: _, ...numberBounds } = translate(integer, path);
  const { type: __, ...textBounds } = translate(string, path);
  return { 'x-kubernetes-int-or-string': true, ...numberBounds, ...textBounds };
}

const BOUNDS: Readonly<Record<string, readonly (keyof StructuralSchema)[]>> = {
  string: ['maxLength'],
  integer: ['minimum', 'maximum'],
  array: ['maxItems'],
  map: ['maxProperties'],
};

/** The API server reckons by the bounds what the rules may cost at worst, and refuses a definition that has none. */
function requireBounds(schema: StructuralSchema, path: string): void {
  if (schema.enum !== undefined) return;
  const kind = schema.additionalProperties === undefined ? schema.type : 'map';
  const missing = (BOUNDS[kind ?? ''] ?? []).filter((bound) => schema[bound] === undefined);
  if (missing.length > 0) throw new NotStructural(path, `has no ${missing.join(' and no ')}`);
}

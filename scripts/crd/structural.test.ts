import { listMap } from '@voteapp/contracts/resource/lists';
import { withKeyword, withRules } from '@voteapp/contracts/resource/rule';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { structuralSchema } from './structural.ts';
import { votingAppDefinitionFile } from './votingapp.ts';

const name = z.string().max(10).describe('A name.');

describe('a structural schema', () => {
  it('has a type everywhere, bounds, and no word of unknown fields', () => {
    const schema = z.strictObject({
      names: listMap(z.array(z.strictObject({ name })).max(3), 'name').describe('Names.'),
      labels: withKeyword(z.record(z.string(), name), {
        keyword: { maxProperties: 4 },
        message: 'must have at most 4 entries',
        holds: () => true,
      })
        .optional()
        .describe('Labels.'),
      cpu: z
        .union([
          z.int().min(0).max(9),
          z
            .string()
            .max(5)
            .regex(/^[0-9]+m$/),
        ])
        .optional()
        .describe('CPU.'),
      nodes: z.literal([1, 3]).default(1).describe('Nodes.'),
    });
    expect(structuralSchema(schema, 'spec')).toEqual({
      type: 'object',
      required: ['names'],
      properties: {
        names: {
          type: 'array',
          description: 'Names.',
          maxItems: 3,
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string', description: 'A name.', maxLength: 10 } },
          },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
        labels: {
          type: 'object',
          description: 'Labels.',
          maxProperties: 4,
          additionalProperties: { type: 'string', description: 'A name.', maxLength: 10 },
        },
        cpu: {
          'x-kubernetes-int-or-string': true,
          description: 'CPU.',
          minimum: 0,
          maximum: 9,
          maxLength: 5,
          pattern: '^[0-9]+m$',
        },
        nodes: { type: 'integer', description: 'Nodes.', enum: [1, 3], default: 1 },
      },
    });
  });

  it('keeps every rule of a schema that is described or optional', () => {
    const rule = { at: 'a', cel: 'has(self.a)', message: 'is required', holds: () => true };
    const ruled = withRules(withRules(z.strictObject({ a: name.optional() }), rule), { ...rule, cel: 'true' });
    const schema = structuralSchema(z.strictObject({ ruled: ruled.optional().describe('Ruled.') }), 'spec');
    expect(schema.properties?.['ruled']).toMatchObject({
      'x-kubernetes-validations': [
        { rule: 'has(self.a)', message: 'is required', fieldPath: '.a' },
        { rule: 'true', message: 'is required', fieldPath: '.a' },
      ],
    });
  });

  it.each<[string, z.ZodType, string]>([
    ['a refinement', name.refine(() => true), 'spec.a has a check that no keyword says'],
    ['a refinement of many issues', name.superRefine(() => {}), 'spec.a has a check that no keyword says'],
    ['a trimmed text', name.trim(), 'spec.a has a check that no keyword says'],
    ['a text without end', z.string().describe('A.'), 'spec.a has no maxLength.'],
    ['a list without end', z.array(name).describe('A.'), 'spec.a has no maxItems.'],
    ['a map without end', z.record(z.string(), name).describe('A.'), 'spec.a has no maxProperties.'],
    [
      'a number with a fraction',
      z.number().min(0).max(1).describe('A.'),
      'spec.a is a number that may have a fraction.',
    ],
    ['a field without a description', z.boolean(), 'spec.a has no description.'],
    ['an object that takes anything', z.looseObject({ name }).describe('A.'), 'spec.a takes unknown fields'],
    ['anything', z.unknown().describe('A.'), 'spec.a has no type.'],
    ['a union of objects', z.union([z.strictObject({ name }), name]).describe('A.'), 'spec.a is a union'],
    ['null', name.nullable().describe('A.'), 'spec.a is a union'],
    ['two patterns', name.regex(/a/).regex(/b/), 'spec.a has allOf, which no CRD can express.'],
    [
      'a map with a schema for its keys',
      z.record(z.string().max(3), name).describe('A.'),
      'spec.a has a schema for its keys; write a rule instead.',
    ],
    ['a transformed text', name.transform(Number), 'spec.a is transformed, which no CRD can express.'],
    ['a date', z.date().describe('A.'), 'Date cannot be represented'],
    ['a tuple', z.tuple([name]).describe('A.'), 'spec.a has prefixItems, which no CRD can express.'],
  ])('is refused to %s', (_, field, problem) => {
    expect(() => structuralSchema(z.strictObject({ a: field }), 'spec')).toThrow(problem);
  });
});

it('The definition of VotingApp has room to grow: a client-side apply takes 256 KiB, some tools less', () => {
  expect(Buffer.byteLength(votingAppDefinitionFile())).toBeLessThan(200_000);
});

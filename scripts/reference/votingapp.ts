import { CONDITIONS } from '@voteapp/contracts/resource/conditions';
import { CEL_RULES, type CelRule } from '@voteapp/contracts/resource/rule';
import { TRANSITION_RULES } from '@voteapp/contracts/resource/transitions';

import { type StructuralSchema } from '../crd/structural.ts';
import { COLUMNS, resourceStructure } from '../crd/votingapp.ts';
import { FIELD_COLUMNS, fieldRows } from './fields.ts';
import { heading, table } from './tables.ts';

/** What the rules say of each field, but for those on edits. */
function notes(schema: StructuralSchema, path: string): [field: string, note: string][] {
  const own = ((schema[CEL_RULES] ?? []) as readonly CelRule[])
    .filter((rule) => !TRANSITION_RULES.includes(rule))
    .map(({ fieldPath = '', message }): [string, string] => [
      `${path}${fieldPath}`.replace(/^[.]/, ''),
      `It ${message}.`,
    ]);
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    notes(property, path === '' ? name : `${path}.${name}`),
  );
  return [...own, ...below, ...(schema.items === undefined ? [] : notes(schema.items, `${path}[]`))];
}

function code(name: string): string {
  return `\`${name}\``;
}

export function votingAppPage(): string {
  const structure = resourceStructure();
  const { spec = {}, status = {} } = structure.properties ?? {};
  const allNotes = notes(structure, '');
  const noteOf = (path: string): string =>
    allNotes
      .filter(([field]) => field === path)
      .map(([, note]) => note)
      .join(' ');
  const isSection = ([, { type }]: [string, StructuralSchema]): boolean => type === 'object';
  const fields = Object.entries(spec.properties ?? {});
  const single = Object.fromEntries(fields.filter((field) => !isSection(field)));
  const sections = fields.filter(isSection).map(([name, section]) => {
    const path = `spec.${name}`;
    return `### ${path}

${[section.description, noteOf(path)].join(' ').trim()}

${table(FIELD_COLUMNS, fieldRows(section, path, noteOf))}
`;
  });
  return `${heading('VotingApp', 'packages/contracts/src/resource/')}
\`kubectl explain votingapp.spec --recursive\` says the same. The smallest is
\`spec: {poll: {options: [{id: coca}, {id: pepsi}]}}\`; more are in [manifests/samples](../../manifests/samples). Only a
default in the column is written into the resource; the others are what the operator does while a field is absent.
${noteOf('metadata.name').replace('It', 'Its name')}

## What is asked for

${table(FIELD_COLUMNS, fieldRows({ properties: single }, 'spec', noteOf))}

${sections.join('\n')}
## What an edit may not change

A round is what \`spec.poll.id\` names; without one, the resource's name does.

${table(
  ['field', 'rule'],
  TRANSITION_RULES.map(({ fieldPath = '', message }) => [code(fieldPath.slice(1)), message]),
)}

## What is there

${table(
  ['field', 'type', 'meaning'],
  fieldRows(status, 'status').map(([field = '', type = '', , , meaning = '']) => [field, type, meaning]),
)}

## Conditions

${table(
  ['condition', 'when True'],
  Object.entries(CONDITIONS).map(([name, meaning]) => [code(name), meaning]),
)}

## Columns of \`kubectl get votingapps\`

${table(
  ['column', 'from', 'meaning'],
  COLUMNS.map(([name, , path, meaning]) => [name, code(path), meaning]),
)}
`;
}

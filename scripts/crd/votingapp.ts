import { CEL_RULES } from '@voteapp/contracts/resource/rule';
import { specSchema } from '@voteapp/contracts/resource/spec';
import { statusSchema } from '@voteapp/contracts/resource/status';
import { TRANSITION_RULES } from '@voteapp/contracts/resource/transitions';
import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { API_VERSION, KIND } from '@voteapp/contracts/voting-app';
import { stringify } from 'yaml';

import { type StructuralSchema, structuralSchema } from './structural.ts';

const PLURAL = 'votingapps';

/** What `kubectl get` shows: name, type, where it is from, and what it means. */
export const COLUMNS = [
  ['Ready', 'string', '.status.conditions[?(@.type=="Ready")].status', 'Whether every part runs as asked for.'],
  ['Poll', 'string', '.status.poll.state', 'Where the poll is in its life.'],
  ['Votes', 'integer', '.status.tally.total', 'Votes counted.'],
  ['Leader', 'string', '.status.tally.leader', 'The option with the most votes, unless hidden.'],
  ['URL', 'string', '.status.urls.vote', 'Where voters vote.'],
  ['Version', 'string', '.status.version', 'Release that runs.'],
  ['Age', 'date', '.metadata.creationTimestamp', 'Time since it was made.'],
] as const;

/** The schema of a whole VotingApp, as an API server holds it. */
export function resourceStructure(): StructuralSchema {
  return {
    type: 'object',
    description: 'A poll, and how to run it.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this resource.' },
      kind: { type: 'string', description: 'Kind of this resource.' },
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 253 } } },
      spec: structuralSchema(specSchema, 'spec'),
      status: structuralSchema(statusSchema, 'status'),
    },
    [CEL_RULES]: [...((resourceSchema.meta()?.[CEL_RULES] ?? []) as readonly object[]), ...TRANSITION_RULES],
  };
}

function votingAppDefinition(): object {
  const [group = '', version = ''] = API_VERSION.split('/');
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: 'votingapp',
        shortNames: ['vapp'],
        categories: ['voting'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: COLUMNS.map(([name, type, jsonPath, description]) => ({
            name,
            type,
            jsonPath,
            description,
          })),
          schema: { openAPIV3Schema: resourceStructure() },
        },
      ],
    },
  };
}

/** The text of `crds/`. */
export function votingAppDefinitionFile(): string {
  return `# Generated from packages/contracts/src/resource/ by \`npm run generate\`; do not edit.\n${stringify(votingAppDefinition(), { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true })}`;
}

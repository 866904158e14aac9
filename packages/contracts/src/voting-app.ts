import * as z from 'zod';

import { NAME_PATTERN } from './names.ts';
import { pollSchema } from './poll.ts';

export const API_VERSION = 'voteapp.dev/v1alpha1';
export const KIND = 'VotingApp';

/** Sections of the resource that only a cluster acts on. */
export const CLUSTER_SECTIONS = [
  'version',
  'vote',
  'front',
  'worker',
  'primeTime',
  'database',
  'queue',
  'expose',
  'networkPolicy',
  'monitoring',
  'hibernate',
  'deletionPolicy',
  'images',
  'logLevel',
] as const;

const clusterSections = Object.fromEntries(CLUSTER_SECTIONS.map((name) => [name, z.unknown().optional()])) as Record<
  (typeof CLUSTER_SECTIONS)[number],
  z.ZodOptional<z.ZodUnknown>
>;

/** A VotingApp file as embedded mode reads it: `spec.poll` in full, the cluster's sections unread. */
export const votingAppSchema = z.object({
  apiVersion: z.literal(API_VERSION, { error: `must be ${API_VERSION}` }),
  kind: z.literal(KIND, { error: `must be ${KIND}` }),
  metadata: z.object({
    name: z
      .string({ error: 'is required' })
      .regex(NAME_PATTERN, 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter'),
    namespace: z.string().optional(),
  }),
  spec: z.strictObject({ poll: pollSchema, ...clusterSections }),
});

export type VotingApp = z.output<typeof votingAppSchema>;

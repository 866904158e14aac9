import * as z from 'zod';

import { NAME_PATTERN } from './names.ts';
import { pollSchema } from './poll.ts';
import { specSchema } from './resource/spec.ts';

export const API_VERSION = 'voteapp.dev/v1alpha1';
export const KIND = 'VotingApp';

const { poll: _, ...clusterFields } = specSchema.shape;

type ClusterSection = keyof typeof clusterFields;

/** Sections of the resource that only a cluster acts on. */
export const CLUSTER_SECTIONS = Object.keys(clusterFields) as readonly ClusterSection[];

const clusterSections = Object.fromEntries(CLUSTER_SECTIONS.map((name) => [name, z.unknown().optional()])) as Record<
  ClusterSection,
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

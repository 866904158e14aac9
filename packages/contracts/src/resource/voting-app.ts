import * as z from 'zod';

import { NAME_PATTERN } from '../names.ts';
import { API_VERSION, KIND } from '../voting-app.ts';
import { withRules } from './rule.ts';
import { specSchema } from './spec.ts';
import type { VotingAppStatus } from './status.ts';

const metadata = z.object({
  name: z.string({ error: 'is required' }),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  generation: z.int().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/**
 * A VotingApp in full, as a cluster takes it. Of its metadata only the name is judged, and its status not at all: a
 * newer operator may have written it.
 */
export const resourceSchema = withRules(
  z.strictObject({
    apiVersion: z.literal(API_VERSION, { error: `must be ${API_VERSION}` }),
    kind: z.literal(KIND, { error: `must be ${KIND}` }),
    metadata,
    spec: specSchema,
    status: z.custom<VotingAppStatus>().optional(),
  }),
  {
    at: 'metadata.name',
    cel: `self.metadata.name.matches('${NAME_PATTERN.source}')`,
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
    holds: ({ metadata: { name } }) => NAME_PATTERN.test(name),
  },
);

/** A valid VotingApp; the poll has its defaults filled in, the other sections are as they were written. */
export type VotingApp = z.output<typeof resourceSchema>;
/** A VotingApp as a person may write it. */
export type VotingAppInput = z.input<typeof resourceSchema>;

import * as z from 'zod';

/** `voteapp version -o json`. */
export const versionOutput = z
  .object({
    client: z.object({ version: z.string().describe('Release of this tool.') }),
    operators: z
      .array(
        z.object({
          namespace: z.string().describe('Namespace of the operator.'),
          name: z.string().describe('Name of its Deployment.'),
          version: z.string().nullable().describe('Its release; null where it does not say.'),
          watches: z.array(z.string()).describe('Namespaces that it watches; empty: all.'),
        }),
      )
      .nullable()
      .describe('Operators of the cluster; null where no cluster was asked.'),
    polls: z
      .array(
        z.object({
          version: z.string().nullable().describe('Release of the services; null where nothing runs yet.'),
          count: z.int().describe('Number of VotingApps whose services are of it.'),
        }),
      )
      .nullable()
      .describe('Releases of the services of the VotingApps; null where no cluster was asked.'),
    warnings: z.array(z.string()).describe('What does not go together, a sentence each.'),
  })
  .describe('What runs where.');

export type VersionOutput = z.output<typeof versionOutput>;

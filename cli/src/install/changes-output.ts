import * as z from 'zod';

export const OUTCOMES = ['created', 'configured', 'unchanged', 'removed', 'would apply'] as const;

/** What `voteapp install` and `voteapp uninstall` print with `-o json` and `-o yaml`. */
export const changesOutput = z
  .strictObject({
    namespace: z.string().describe('Namespace of the operator.'),
    context: z.string().nullable().describe('Context of the kubeconfig; null: no cluster was asked.'),
    dryRun: z.enum(['client', 'server']).nullable().describe('Who only tried it; null: it was done.'),
    objects: z
      .array(
        z.strictObject({
          outcome: z.enum(OUTCOMES).describe('What became of it, or would.'),
          kind: z.string().describe('Its kind.'),
          namespace: z.string().nullable().describe('Its namespace; null of what is in none.'),
          name: z.string().describe('Its name.'),
        }),
      )
      .describe('What was made, changed or removed, in this order.'),
    ready: z.boolean().nullable().describe('Whether the operator runs as asked for; null: not waited for.'),
    stays: z.array(z.string()).describe('What an uninstall leaves, each in words.'),
  })
  .describe('What became of the objects of an installation.');

export type ChangesOutput = z.output<typeof changesOutput>;

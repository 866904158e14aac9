import type { Part } from '@voteapp/contracts/cluster-objects';

import { type Context, declare } from './context.ts';

/** What the account of a part is annotated with, so that its pods are somebody to a cloud. */
export function identityOf({ app }: Context, part: Part): Readonly<Record<string, string>> | undefined {
  return part === 'vote' || part === 'worker' ? app.spec.queue?.sqs?.serviceAccountAnnotations : undefined;
}

/** An account that no pod has a token of: something to bind policies of a cluster or a cloud to. */
export function declareServiceAccount(context: Context, part: Part): void {
  declare(context, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    name: context.names.workload(part),
    part,
    annotations: identityOf(context, part),
    automountServiceAccountToken: false,
  });
}

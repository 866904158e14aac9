import type { Part } from '@voteapp/contracts/cluster-objects';

import { type Context, declare } from './context.ts';

/** An account that no pod has a token of: something to bind policies of a cluster or a cloud to. */
export function declareServiceAccount(context: Context, part: Part): void {
  const name = context.names.workload(part);
  declare(context, { apiVersion: 'v1', kind: 'ServiceAccount', name, part, automountServiceAccountToken: false });
}

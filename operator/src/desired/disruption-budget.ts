import type { Part } from '@voteapp/contracts/cluster-objects';

import { type Context, declare, selectorOf } from './context.ts';
import { replicasOf } from './replicas.ts';

/** Lets nodes be drained one pod at a time. A budget around a single pod would keep its node from being drained. */
export function declareDisruptionBudget(context: Context, part: Part): void {
  if (replicasOf(context, part).min < 2) return;
  declare(context, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    name: context.names.workload(part),
    part,
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(context, part) } },
  });
}

import type { V2HorizontalPodAutoscalerSpec } from '@kubernetes/client-node';
import { DEFAULT_TARGET_CPU_PERCENT } from '@voteapp/contracts/resource/services';

import { type Context, declare, type Fields } from './context.ts';
import { replicasOf } from './replicas.ts';

/** Follows the load within its bounds; prime time raises the lower one. */
export function declareAutoscaler(context: Context, service: 'vote' | 'front'): void {
  const { min, max } = replicasOf(context, service);
  if (max === undefined) return;
  const name = context.names.workload(service);
  const { targetCPUUtilizationPercentage = DEFAULT_TARGET_CPU_PERCENT } = context.app.spec[service]?.autoscaling ?? {};
  const target = { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage };
  const spec: Fields<V2HorizontalPodAutoscalerSpec> = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: min,
    maxReplicas: max,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
  };
  declare(context, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name, part: service, spec });
}

import type { Part } from '@voteapp/contracts/cluster-objects';
import { DEFAULT_REPLICAS } from '@voteapp/contracts/resource/services';

import type { Context } from './context.ts';

/** How many pods a part has. */
export interface Replicas {
  /** Fewest pods; without an autoscaler, their number. */
  readonly min: number;
  /** Most pods; undefined where no autoscaler sets their number. */
  readonly max: number | undefined;
}

function usualReplicas({ app: { spec } }: Context, part: Part): Replicas {
  switch (part) {
    case 'mysql':
      return { min: 1, max: undefined };
    case 'rabbitmq':
      return { min: spec.queue?.rabbitmq?.replicas ?? 1, max: undefined };
    case 'worker':
      return { min: spec.worker?.replicas ?? DEFAULT_REPLICAS.worker, max: undefined };
    default: {
      const { autoscaling, replicas } = spec[part] ?? {};
      if (autoscaling?.mode !== 'HPA') return { min: replicas ?? DEFAULT_REPLICAS[part], max: undefined };
      return { min: autoscaling.minReplicas ?? DEFAULT_REPLICAS[part], max: autoscaling.maxReplicas };
    }
  }
}

export function replicasOf(context: Context, part: Part): Replicas {
  const { app, facts } = context;
  if (facts.isHibernated) return { min: 0, max: undefined };
  const usual = usualReplicas(context, part);
  const prime = facts.isPrimeTime && (part === 'vote' || part === 'front') ? app.spec.primeTime?.[part] : undefined;
  return { ...usual, min: Math.max(usual.min, prime?.replicas ?? 0) };
}

import type { Part, ServiceName } from '@voteapp/contracts/cluster-objects';
import { DEFAULT_STORAGE_SIZE } from '@voteapp/contracts/resource/storage';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import { createContext } from '@voteapp/operator/desired/context';
import { partsOf } from '@voteapp/operator/desired/desired';
import { resourcesOf } from '@voteapp/operator/desired/pod';
import { replicasOf, type Replicas } from '@voteapp/operator/desired/replicas';

import { plainOperator } from '../render/operator.ts';

/** A part of a VotingApp as the operator runs it at its peak: in prime time where there is one. */
export interface PartAtPeak {
  readonly part: Part;
  readonly replicas: Replicas;
  /** CPU that each pod requests, as a quantity; undefined: none. */
  readonly cpuRequest: string | undefined;
  readonly cpuLimit: string | undefined;
  /** Path of its section, which may be absent. */
  readonly section: string;
  /** Size of each volume; undefined where it has none. */
  readonly storage: string | undefined;
}

const SECTIONS = { mysql: 'spec.database.managed', rabbitmq: 'spec.queue.rabbitmq' } as const;

function storageOf({ spec }: VotingApp, part: Part): string | undefined {
  if (part === 'mysql') return spec.database?.managed?.storage?.size ?? DEFAULT_STORAGE_SIZE;
  return part === 'rabbitmq' ? (spec.queue?.rabbitmq?.storage?.size ?? DEFAULT_STORAGE_SIZE) : undefined;
}

function isService(part: Part): part is ServiceName {
  return part !== 'mysql' && part !== 'rabbitmq';
}

export function partsAtPeak(app: VotingApp): PartAtPeak[] {
  const { namespace, release } = plainOperator(undefined);
  const context = createContext(app, {
    release,
    operatorNamespace: namespace,
    isPrimeTime: true,
    isHibernated: false,
    secretsHash: null,
    rabbitmqCluster: null,
  });
  return partsOf(app).map((part) => {
    const { requests, limits } = resourcesOf(context, part);
    const cpuLimit = limits?.['cpu'];
    return {
      part,
      replicas: replicasOf(context, part),
      // A server takes the limit for the request where only that is given.
      cpuRequest: requests?.['cpu'] ?? cpuLimit,
      cpuLimit,
      section: isService(part) ? `spec.${part}` : SECTIONS[part],
      storage: storageOf(app, part),
    };
  });
}

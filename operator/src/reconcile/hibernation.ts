import { objectNames, type Part } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { partsOf } from '../desired/desired.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import type { Findings } from './conditions.ts';
import { DEPLOYMENT, STATEFUL_SET } from './kinds.ts';
import type { Reading } from './readings.ts';

function podsAskedFor(copy: Pick<ClusterCopy, 'get'>, { metadata }: VotingApp, part: Part): number {
  const kind = part === 'mysql' || part === 'rabbitmq' ? STATEFUL_SET : DEPLOYMENT;
  const workload = copy.get(kind, metadata.namespace ?? '', objectNames(metadata.name).workload(part));
  const { replicas = 1 } = (workload?.['spec'] ?? { replicas: 0 }) as { replicas?: number };
  return replicas;
}

/** Whether a VotingApp may sleep: never while its poll is open, nor while it is unknown whether all is counted. */
export function judgeHibernation(
  copy: Pick<ClusterCopy, 'get'>,
  app: VotingApp,
  { state, count }: Reading,
): Findings['hibernation'] {
  if (app.spec.hibernate !== true) return 'NotAsked';
  if (partsOf(app).every((part) => podsAskedFor(copy, app, part) === 0)) return 'Granted';
  const isShut = state !== null && state !== 'Open' && state !== 'Draining';
  return isShut && count?.pending === 0 ? 'Granted' : 'Refused';
}

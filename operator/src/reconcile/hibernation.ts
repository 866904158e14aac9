import { objectNames } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { ClusterCopy } from './cluster-copy.ts';
import type { Findings } from './conditions.ts';
import { DEPLOYMENT } from './kinds.ts';
import type { Reading } from './readings.ts';

/** Whether a VotingApp may sleep: never while its poll is open, nor while it is unknown whether all is counted. */
export function judgeHibernation(
  copy: Pick<ClusterCopy, 'get'>,
  app: VotingApp,
  { state, count }: Reading,
): Findings['hibernation'] {
  if (app.spec.hibernate !== true) return 'NotAsked';
  const { namespace = '', name } = app.metadata;
  const vote = copy.get(DEPLOYMENT, namespace, objectNames(name).workload('vote'));
  const { replicas } = (vote?.['spec'] ?? { replicas: 0 }) as { replicas?: number };
  if (replicas === 0) return 'Granted';
  const isShut = state !== null && state !== 'Open' && state !== 'Draining';
  return isShut && count?.pending === 0 ? 'Granted' : 'Refused';
}

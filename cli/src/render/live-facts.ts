import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import type { Facts } from '@voteapp/operator/desired/facts';
import { findFacts } from '@voteapp/operator/reconcile/find-facts';
import { SECRET } from '@voteapp/operator/reconcile/kinds';
import { isProblem } from '@voteapp/operator/reconcile/outcome';
import { judgeSecrets } from '@voteapp/operator/reconcile/secrets';
import { EARLIER_VERSIONS } from '@voteapp/operator/release';

import type { Cluster } from '../cluster/cluster.ts';
import { EXIT, Failure } from '../exit-codes.ts';
import type { RenderingOperator } from './operator.ts';

/** Whether the operator has granted hibernation, as it tells: also while pods are still ending. */
export function isHibernated({ spec, status }: VotingApp): boolean {
  const told = status?.conditions?.find(({ type }) => type === 'Hibernated');
  return spec.hibernate === true && (told?.status === 'True' || told?.reason === 'RollingOut');
}

/** What an operator makes the objects of a VotingApp from by now. Throws `Failure` with what keeps it from that. */
export async function liveFacts(
  { objects }: Cluster,
  app: VotingApp,
  { namespace: operatorNamespace, release }: RenderingOperator,
  now: () => number,
): Promise<Facts> {
  const { namespace = '' } = app.metadata;
  const state = { isHibernated: isHibernated(app), isFinal: app.status?.tally?.final ?? false };
  const deps = { objects, release, earlierVersions: EARLIER_VERSIONS, operatorNamespace, now };
  const found = await findFacts(deps, app, state, async (binding) => {
    return await judgeSecrets(app, binding, async (name) => {
      const secret = await objects.get(SECRET, { namespace, name });
      return secret === null ? null : ((secret['data'] ?? {}) as Readonly<Record<string, string>>);
    });
  });
  if (isProblem(found)) throw new Failure(EXIT.failed, found.message);
  return found.facts;
}

import { LABELS, OPERATOR_LABEL } from '@voteapp/contracts/cluster-objects';
import { observeWorkload } from '@voteapp/operator/reconcile/components';
import { DEPLOYMENT, POD } from '@voteapp/operator/reconcile/kinds';

import type { Cluster } from '../cluster/cluster.ts';
import { until } from '../cluster/until.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { OPERATOR_NAME } from './manifest.ts';

/** How the operator's pods are; null once all are ready and of the newest kind. */
async function shortfall({ objects }: Cluster, namespace: string, signal: AbortSignal): Promise<string | null> {
  const deployment = await objects.get(DEPLOYMENT, { namespace, name: OPERATOR_NAME }, { signal });
  if (deployment === null) return `Deployment ${OPERATOR_NAME} is not there`;
  const labelSelector = `${LABELS.name}=${OPERATOR_LABEL}`;
  const { items } = await objects.list(POD, { namespace, labelSelector, signal });
  const pods = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const { message, isRolling, ready, desired } = observeWorkload(deployment, pods);
  if (!isRolling && ready >= desired) return null;
  return message ?? `Deployment ${OPERATOR_NAME}: ${ready}/${desired} ready`;
}

/** Until the operator of a namespace runs as it was asked for last. Throws `Failure` when the time is over. */
export async function rolledOut(
  cluster: Cluster,
  namespace: string,
  timeoutMs: number,
  { signal, tell }: Pick<Terminal, 'signal' | 'tell'>,
): Promise<void> {
  let last: string | null = null;
  const look = async (): Promise<true | null> => {
    const now = await shortfall(cluster, namespace, signal);
    if (now !== null && now !== last) tell(`Waiting: ${now}.`);
    last = now;
    return now === null ? true : null;
  };
  const late = (): string =>
    `The operator is not ready after ${timeoutMs / 1_000} s. ${last ?? ''}. \`voteapp install --wait\` waits on; \`voteapp uninstall\` removes it.`;
  await until(look, { timeoutMs, signal, late });
}

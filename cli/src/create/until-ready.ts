import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { until } from '../cluster/until.ts';
import type { StoredApp } from '../cluster/voting-apps.ts';
import { EXIT, Failure } from '../exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

const NOT_TAKEN_UP = 'No operator has taken it up yet; `voteapp check` says whether one runs.';

/** Why a VotingApp is not ready; null when it is, as it was asked for last. */
export function notReady({ metadata, status }: Pick<StoredApp, 'metadata' | 'status'>): string | null {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || (ready.observedGeneration ?? 0) < (metadata.generation ?? 0)) return NOT_TAKEN_UP;
  return ready.status === 'True' ? null : ready.message;
}

/** Waits until a VotingApp is ready, and tells how it comes up. Throws `Failure` when it is not in time, or is gone. */
export async function untilReady(
  { objects }: Cluster,
  { metadata: { namespace, name, uid } }: KubeObject,
  timeoutMs: number,
  { signal, tell }: Pick<Terminal, 'signal' | 'tell'>,
): Promise<void> {
  let last = '';
  const look = async (): Promise<true | null> => {
    const app = await objects.get(VOTING_APP, { namespace, name }, { signal });
    if (app?.metadata.uid !== uid) throw new Failure(EXIT.notFound, `VotingApp ${name} was deleted meanwhile.`);
    const why = notReady(app as unknown as StoredApp);
    if (why === null) return true;
    if (why !== last) tell(`Waiting: ${why}`);
    last = why;
    return null;
  };
  const late = (): string =>
    `VotingApp ${name} is there and not ready in time: ${last} See \`voteapp status ${name}\`.`;
  await until(look, { timeoutMs, signal, late });
  tell(`VotingApp ${name} is ready.`);
}

import { ANNOTATIONS, objectNames, RESTARTED_AT, SERVICES } from '@voteapp/contracts/cluster-objects';
import { observeWorkload } from '@voteapp/operator/reconcile/components';
import { DEPLOYMENT } from '@voteapp/operator/reconcile/kinds';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { Cluster } from '../cluster/cluster.ts';
import { until } from '../cluster/until.ts';
import type { StoredApp } from '../cluster/voting-apps.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { change, type ChangeOptions } from './change.ts';

interface Template {
  readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
}

/** How far a service is with a restart, as "vote: waits for the operator"; null: it is done. */
export function restartProgress(service: string, deployment: KubeObject | null, at: string): string | null {
  if (deployment === null) return `${service}: there is no Deployment`;
  const { template } = (deployment['spec'] ?? {}) as Template;
  if (template?.metadata?.annotations?.[ANNOTATIONS.restartedAt] !== at) return `${service}: waits for the operator`;
  const { desired, ready, isRolling, message } = observeWorkload(deployment, []);
  if (!isRolling && ready >= desired) return null;
  const { updatedReplicas = 0 } = (deployment['status'] ?? {}) as { readonly updatedReplicas?: number };
  return `${service}: ${Math.min(updatedReplicas, desired)} of ${desired} new${message === null ? '' : `, ${ready} ready`}`;
}

async function untilRestarted(
  { objects }: Cluster,
  { metadata: { namespace, name } }: StoredApp,
  at: string,
  timeoutMs: number,
  { signal, tell }: Pick<Terminal, 'signal' | 'tell'>,
): Promise<void> {
  let last = '';
  const look = async (): Promise<true | null> => {
    const progress = await Promise.all(
      SERVICES.map(async (service) => {
        const deployment = await objects.get(DEPLOYMENT, { namespace, name: objectNames(name).workload(service) });
        return restartProgress(service, deployment, at);
      }),
    );
    const left = progress.filter((each) => each !== null).join('; ');
    if (left === '') return true;
    if (left !== last) tell(`Waiting: ${left}.`);
    last = left;
    return null;
  };
  const late = (): string => `${name} is not restarted in time: ${last}. See \`voteapp status ${name}\`.`;
  await until(look, { timeoutMs, signal, late });
}

function mustRun({ metadata: { name }, status }: StoredApp): void {
  const holds = (type: string): boolean =>
    status?.conditions?.some((each) => each.type === type && each.status === 'True') === true;
  if (holds('Hibernated')) {
    throw new Failure(EXIT.failed, `${name} sleeps, so nothing runs: \`voteapp hibernate off ${name}\` wakes it.`);
  }
  if (holds('Paused')) {
    const advice = `\`voteapp reconcile resume ${name}\` first`;
    throw new Failure(EXIT.failed, `The operator is asked to change nothing of ${name}: ${advice}.`);
  }
}

/** Restarts the services of a VotingApp, pod after pod, so that votes are taken meanwhile. */
export async function restart(name: string, options: ChangeOptions, terminal: Terminal): Promise<ExitCode> {
  // As kubectl writes it.
  const at = new Date(terminal.now()).toISOString().replace(/\.\d{3}Z$/, 'Z');
  return await change(
    name,
    {
      act: 'restart',
      patch(app) {
        mustRun(app);
        return { metadata: { annotations: { [RESTARTED_AT]: at } } };
      },
      done: options.wait === true ? `${name} is restarted.` : `${name} restarts: ${SERVICES.join(', ')}.`,
      settled: (cluster, app) => untilRestarted(cluster, app, at, options.timeout, terminal),
    },
    options,
    terminal,
  );
}

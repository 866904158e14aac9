import { Gauge, type Registry } from '@voteapp/kit/metrics';
import type { VotingAppStatus } from '@voteapp/contracts/resource/status';

import type { ClusterCopy } from './reconcile/cluster-copy.ts';
import { VOTING_APP } from './reconcile/kinds.ts';

const LABEL_NAMES = ['namespace', 'name'] as const;

/** What there is to tell of the VotingApps themselves; of options nothing, for a poll may hide them. */
export function registerAppMetrics(registry: Registry, copy: Pick<ClusterCopy, 'list'>): void {
  const gauge = (name: string, help: string, value: (status: VotingAppStatus) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: LABEL_NAMES,
      registers: [registry],
      collect() {
        this.reset();
        for (const { metadata, ...app } of copy.list(VOTING_APP)) {
          const amount = value(app['status'] ?? {});
          if (amount !== null) this.set({ namespace: metadata.namespace ?? '', name: metadata.name }, amount);
        }
      },
    });
  gauge('votingapp_ready', 'Whether the condition Ready is True.', ({ conditions = [] }) =>
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? 1 : 0,
  );
  gauge('votingapp_votes', 'Votes counted, of all options together.', ({ tally }) => tally?.total ?? null);
}

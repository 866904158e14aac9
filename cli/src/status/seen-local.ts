import { SERVICES, type ServiceName } from '@voteapp/contracts/cluster-objects';
import { hiddenResults, isAssumed, results, type Totals } from '@voteapp/contracts/http/results';
import { VERSION } from '@voteapp/operator/release';

import type { Poll } from '../poll/poll.ts';
import { nextAction } from './next-action.ts';
import { type StatusOutput, statusOutput } from './status-output.ts';

type Component = StatusOutput['components'][number];

async function component(poll: Poll, name: ServiceName): Promise<Component> {
  const answer = await poll.ask(name, '/readyz').catch(() => null);
  const isReady = answer?.ok === true;
  await answer?.body?.cancel();
  return { name, desired: 1, ready: isReady ? 1 : 0, image: null, message: isReady ? null : `${name} is not ready` };
}

/** The count; null where it cannot be had. */
async function tallyOf(poll: Poll): Promise<StatusOutput['tally']> {
  const body: unknown = await poll
    .ask('front', '/api/results')
    .then((answer) => answer.json())
    .catch(() => null);
  const shown = results.safeParse(body).data;
  const totals: Totals | undefined = shown ?? hiddenResults.safeParse(body).data?.totals;
  if (totals === undefined) return null;
  const most = Math.max(1, ...(shown?.options ?? []).map(({ votes }) => votes));
  const [leader, ...level] = (shown?.options ?? []).filter(({ votes }) => votes === most);
  return {
    counted: totals.counted,
    leader: level.length === 0 ? (leader?.id ?? null) : null,
    final: totals.final !== null,
    assumed: isAssumed(totals.final),
    asOf: totals.asOf,
  };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** A poll of this machine, as `voteapp status` shows it. */
export async function seenLocal(poll: Poll): Promise<StatusOutput> {
  const [now, tally, components] = await Promise.all([
    poll.now(),
    tallyOf(poll),
    Promise.all(SERVICES.map((name) => component(poll, name))),
  ]);
  const seen: Omit<StatusOutput, 'next'> = {
    name: poll.name,
    namespace: poll.namespace,
    local: true,
    ready: components.every(({ ready }) => ready === 1),
    round: now.round,
    // The vote service does not know when the count is final.
    state: tally?.final === true ? 'Final' : (now.judged?.state ?? null),
    opensAt: iso(now.opensAt),
    closesAt: iso(now.closesAt),
    timeZone: now.timeZone,
    revision: now.revision,
    judgedRevision: now.judged?.revision ?? null,
    urls: { vote: poll.urls.vote ?? null, results: poll.urls.results ?? null },
    version: VERSION,
    tally,
    components,
    conditions: [],
    events: null,
  };
  return statusOutput.parse({ ...seen, next: nextAction(seen) });
}

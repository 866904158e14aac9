import type { KubeObject } from '@voteapp/operator/runtime/object';

import type { StoredApp } from '../cluster/voting-apps.ts';
import { nextAction } from './next-action.ts';
import { type StatusOutput, statusOutput } from './status-output.ts';

export type SeenEvent = NonNullable<StatusOutput['events']>[number];

interface Event {
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly series?: { readonly count: number; readonly lastObservedTime: string } | null;
  /** Of events in the form of the core group. */
  readonly deprecatedLastTimestamp?: string | null;
  readonly deprecatedCount?: number;
}

const MOST_EVENTS = 5;

function eventOf(object: KubeObject): SeenEvent {
  const { type = 'Normal', reason = '', note = '', series, eventTime, ...old } = object as unknown as Event;
  return {
    at: series?.lastObservedTime ?? eventTime ?? old.deprecatedLastTimestamp ?? null,
    type,
    reason,
    note,
    count: series?.count ?? old.deprecatedCount ?? 1,
  };
}

/** The last events, the latest first. */
export function lastEvents(objects: readonly KubeObject[]): SeenEvent[] {
  const time = ({ at }: SeenEvent): number => (at === null ? 0 : Date.parse(at));
  return objects
    .map(eventOf)
    .toSorted((one, other) => time(other) - time(one))
    .slice(0, MOST_EVENTS);
}

/** Whether it is ready, as it was asked for last; null: the operator has not judged that yet. */
function isReady({ metadata, status }: StoredApp): boolean | null {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition === undefined || (condition.observedGeneration ?? 0) < (metadata.generation ?? 0)) return null;
  return condition.status === 'Unknown' ? null : condition.status === 'True';
}

type Status = NonNullable<StoredApp['status']>;

function seenCondition(condition: NonNullable<Status['conditions']>[number]): StatusOutput['conditions'][number] {
  const { type, status, reason, message, lastTransitionTime: since } = condition;
  return { type, status, reason, message, since };
}

function seenComponent(component: NonNullable<Status['components']>[number]): StatusOutput['components'][number] {
  const { name, desired, ready, image = null, message = null } = component;
  return { name, desired, ready, image, message };
}

function seenTally({
  total,
  leader,
  final,
  assumed = false,
  asOf,
}: NonNullable<Status['tally']>): StatusOutput['tally'] {
  return { counted: total, leader: leader ?? null, final, assumed, asOf };
}

/** As it was asked for. */
function seenPoll({
  metadata,
  spec: { poll },
}: StoredApp): Pick<StatusOutput, 'round' | 'opensAt' | 'closesAt' | 'timeZone' | 'revision'> {
  return {
    round: poll.id ?? metadata.name,
    opensAt: poll.opensAt ?? null,
    closesAt: poll.closesAt ?? null,
    // Where the definition of another release is installed, its defaults may be.
    timeZone: poll.timeZone ?? 'UTC',
    revision: metadata.generation ?? 0,
  };
}

/** A VotingApp, as `voteapp status` shows it. */
export function seenApp(app: StoredApp, events: readonly SeenEvent[] | null): StatusOutput {
  const { metadata, status = {} } = app;
  const { tally, poll, urls = {} } = status;
  const seen: Omit<StatusOutput, 'next'> = {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    local: false,
    ready: isReady(app),
    ...seenPoll(app),
    state: poll?.state ?? null,
    judgedRevision: poll?.observedRevision ?? null,
    urls: { vote: urls.vote ?? null, results: urls.results ?? null },
    version: status.version ?? null,
    tally: tally === undefined ? null : seenTally(tally),
    components: (status.components ?? []).map(seenComponent),
    conditions: (status.conditions ?? []).map(seenCondition),
    events: events === null ? null : [...events],
  };
  return statusOutput.parse({ ...seen, next: nextAction(seen) });
}

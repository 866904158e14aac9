import { FIELD_MANAGERS } from '@voteapp/contracts/cluster-objects';
import type { Condition } from '@voteapp/contracts/resource/conditions';
import type { VotingAppStatus } from '@voteapp/contracts/resource/status';

import { publicUrls } from '../desired/public-urls.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import { conditionsOf, type Findings, judge, type Verdict } from './conditions.ts';
import { difference } from './difference.ts';
import { VOTING_APP } from './kinds.ts';
import type { Reading } from './readings.ts';

/** A count that runs is written at most this often, in ms. */
const TALLY_MS = 10_000;

type Tally = NonNullable<VotingAppStatus['tally']>;

/** The conditions of a status, whoever wrote it. */
export function conditionsBefore(status: VotingAppStatus | undefined): readonly Condition[] {
  return (status?.conditions ?? []) as readonly Condition[];
}

function seconds(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function leaderOf(options: readonly { readonly id: string; readonly votes: number }[]): string | undefined {
  const most = Math.max(0, ...options.map(({ votes }) => votes));
  const leaders = options.filter(({ votes }) => votes === most);
  return most > 0 && leaders.length === 1 ? leaders[0]?.id : undefined;
}

function tallyOf(count: Reading['count'], before: Tally | undefined, now: number): Tally | undefined {
  if (count === null) return before;
  const { total, options, isFinal, asOf } = count;
  const leader = options === null ? undefined : leaderOf(options);
  const tally: Tally = {
    total,
    ...(options !== null && { options: options.map((option) => ({ ...option })) }),
    ...(leader !== undefined && { leader }),
    asOf,
    final: isFinal,
  };
  if (before === undefined) return tally;
  const { asOf: _, ...rest } = tally;
  const { asOf: read, ...earlier } = before;
  const isSame = difference(rest, earlier) === null && difference(earlier, rest) === null;
  // A hidden count must not stay shown for the sake of thrift.
  const isUrgent = isFinal !== before.final || (options === null) !== (before.options === undefined);
  return isSame || (!isUrgent && now - Date.parse(read) < TALLY_MS) ? before : tally;
}

/** The whole status after a pass. */
export function statusOf(
  findings: Findings,
  {
    before,
    version,
    now,
  }: { readonly before: VotingAppStatus | undefined; readonly version: string; readonly now: number },
): VotingAppStatus {
  const { app, components, reading } = findings;
  const generation = app.metadata.generation ?? 0;
  const tally = tallyOf(reading.count, before?.tally, now);
  const poll =
    reading.state === null
      ? before?.poll
      : { state: reading.state, ...(reading.revision !== null && { observedRevision: reading.revision }) };
  return {
    observedGeneration: generation,
    conditions: conditionsOf(judge(findings), conditionsBefore(before), { generation, now: seconds(now) }),
    components: components.map(({ part, desired, ready, image, message }) => ({
      name: part,
      desired,
      ready,
      ...(image !== null && { image }),
      ...(message !== null && { message }),
    })),
    urls: publicUrls(app),
    version,
    ...(poll !== undefined && { poll }),
    ...(tally !== undefined && { tally }),
  };
}

/** The status of a resource that is not valid: what was there, and why nothing is done about the rest. */
export function invalidStatus(
  stored: KubeObject,
  problem: Verdict,
  { before, now }: { readonly before: VotingAppStatus | undefined; readonly now: number },
): VotingAppStatus {
  const generation = stored.metadata.generation ?? 0;
  const kept = conditionsBefore(before);
  const verdicts = {
    Ready: problem,
    Progressing: { ...problem, message: 'Nothing is changed until the resource is valid.' },
  };
  const judged = conditionsOf(verdicts, kept, { generation, now: seconds(now) });
  const others = kept.filter(({ type }) => !(type in verdicts));
  return { ...before, observedGeneration: generation, conditions: [...judged, ...others] };
}

/** Writes the whole status, if it is another than what is there. */
export async function writeStatus(
  objects: Pick<Objects, 'apply'>,
  { apiVersion, kind, metadata }: KubeObject,
  status: VotingAppStatus,
  before: VotingAppStatus | undefined,
): Promise<boolean> {
  if (difference(status, before ?? {}) === null && difference(before ?? {}, status) === null) return false;
  const { name, namespace = '', uid = '' } = metadata;
  // With its uid: one that was deleted and made again meanwhile is another.
  const object = { apiVersion, kind, metadata: { name, namespace, uid }, status };
  await objects.apply(VOTING_APP, object, { manager: FIELD_MANAGERS.status, force: true, subresource: 'status' });
  return true;
}

import { FIELD_MANAGERS } from '@voteapp/contracts/cluster-objects';
import { showsOptions } from '@voteapp/contracts/definition';
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

/** Whether the resource has been ready before: since then, `Progressing` no longer says that it starts. */
export function wasReady(before: VotingAppStatus | undefined): boolean {
  const progressing = conditionsBefore(before).find(({ type }) => type === 'Progressing');
  return progressing !== undefined && progressing.reason !== 'Starting';
}

function seconds(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function leaderOf(options: readonly { readonly id: string; readonly votes: number }[]): string | undefined {
  const most = Math.max(0, ...options.map(({ votes }) => votes));
  const leaders = options.filter(({ votes }) => votes === most);
  return leaders.length === 1 ? leaders[0]?.id : undefined;
}

function withoutOptions({ total, asOf, final, assumed }: Tally): Tally {
  return { total, asOf, final, ...(assumed !== undefined && { assumed }) };
}

function asTally({ total, options, isFinal, isAssumed, asOf }: NonNullable<Reading['count']>): Tally {
  const leader = options === null ? undefined : leaderOf(options);
  return {
    total,
    ...(options !== null && { options: options.map((option) => ({ ...option })) }),
    ...(leader !== undefined && { leader }),
    asOf,
    final: isFinal,
    ...(isAssumed && { assumed: true }),
  };
}

/** Whether a new count is written: a count that runs is not, at every vote. */
function isNews({ asOf, ...tally }: Tally, { asOf: read, ...known }: Tally): boolean {
  if (difference(tally, known) === null && difference(known, tally) === null) return false;
  // A hidden count must not stay shown for the sake of thrift.
  if (tally.final !== known.final || (tally.options === undefined) !== (known.options === undefined)) return true;
  // Both are by the clock of the services, which may be another than this one.
  return Math.abs(Date.parse(asOf) - Date.parse(read)) >= TALLY_MS;
}

function tallyOf({ app, reading }: Findings, earlier: VotingAppStatus | undefined): Tally | undefined {
  const before = earlier?.tally;
  const state = reading.state ?? earlier?.poll?.state ?? 'Scheduled';
  // Whatever the services still tell, or told when they were last heard.
  const isShown = showsOptions(app.spec.poll.results.visibility, state, () => false);
  if (reading.count === null) return before === undefined || isShown ? before : withoutOptions(before);
  const heard = asTally(reading.count);
  const tally = isShown ? heard : withoutOptions(heard);
  return before === undefined || isNews(tally, before) ? tally : before;
}

function pollOf({ state, revision, count }: Reading, before: VotingAppStatus['poll']): Pick<VotingAppStatus, 'poll'> {
  // A service without its database cannot tell that a poll is final, which none ceases to be within its revision.
  const isFinalStill =
    count === null && state === 'Draining' && before?.state === 'Final' && before.observedRevision === revision;
  if (state === null || isFinalStill) return before === undefined ? {} : { poll: before };
  return { poll: { state, ...(revision !== null && { observedRevision: revision }) } };
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
  const tally = tallyOf(findings, before);
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
    ...pollOf(reading, before?.poll),
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
  const message = 'Nothing is changed until the resource is valid.';
  const progressing: Verdict = { status: 'False', reason: wasReady(before) ? problem.reason : 'Starting', message };
  const verdicts = { Ready: problem, Progressing: progressing };
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

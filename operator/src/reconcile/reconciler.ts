import { ANNOTATIONS, type ServiceName, SERVICES } from '@voteapp/contracts/cluster-objects';
import type { VotingAppStatus } from '@voteapp/contracts/resource/status';
import { resourceSchema, type VotingApp } from '@voteapp/contracts/resource/voting-app';

import { desired } from '../desired/desired.ts';
import type { Release } from '../desired/facts.ts';
import type { EventRecorder } from '../runtime/events.ts';
import { type KubeObject, nameOfKey } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import type { Result } from '../runtime/work-queue.ts';
import { applyObject, fewestPods, type Outcome } from './apply.ts';
import { growClaims } from './claims.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { type Component, observeComponents } from './components.ts';
import type { Findings, Verdict } from './conditions.ts';
import { findFacts } from './find-facts.ts';
import { judgeHibernation } from './hibernation.ts';
import { STATEFUL_SET, VOTING_APP } from './kinds.ts';
import { isProblem, type Problem } from './outcome.ts';
import { hastenDefinition } from './poll-revision.ts';
import { prune } from './prune.ts';
import type { Reading, Readings } from './readings.ts';
import { Secrets } from './secrets.ts';
import { conditionsBefore, invalidStatus, statusOf, wasReady, writeStatus } from './status.ts';
import { tellOutcomes, tellProblems, tellTurns } from './told.ts';

/** Until the services are asked again, in ms: when nothing changes, while something does, and while nothing runs. */
const USUAL_MS = 10_000;
const CHANGING_MS = 2_000;
const ASLEEP_MS = 600_000;

export interface ReconcilerDeps {
  readonly objects: Objects;
  readonly copy: ClusterCopy;
  readonly readings: Readings;
  readonly events: EventRecorder;
  readonly release: Release;
  /** Releases of the services that it runs besides. */
  readonly earlierVersions: readonly string[];
  readonly operatorNamespace: string;
  /** In ms since the epoch. */
  readonly now: () => number;
}

interface Work {
  readonly problems: readonly Problem[];
  readonly outcomes: readonly Outcome[];
  readonly removed: readonly KubeObject[];
  readonly hibernation: Findings['hibernation'];
}

/** Makes the cluster what a VotingApp asks for: observe → gates → desired → apply → prune → status. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #secrets: Secrets;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
    this.#secrets = new Secrets(deps);
  }

  /** One pass over the VotingApp `key` (`namespace/name`). Throws when the server is away: the pass is repeated then. */
  async reconcile(key: string): Promise<Result> {
    const { copy } = this.#deps;
    const { namespace = '', name } = nameOfKey(key);
    const stored = copy.get(VOTING_APP, namespace, name);
    // What a resource that is being deleted has is the garbage collector's, in the order that was asked for.
    if (stored === undefined || stored.metadata.deletionTimestamp !== undefined) return;
    const parsed = resourceSchema.safeParse(stored);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      await this.#refuse(stored, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
      return;
    }
    return await this.#pass(stored, parsed.data);
  }

  /** Lets go of what is known of a resource that is gone. */
  forget({ metadata }: KubeObject): void {
    this.#deps.readings.forget(metadata.uid ?? '');
    this.#secrets.forget(metadata);
  }

  /** Says why nothing is done; whatever runs goes on. */
  async #refuse(stored: KubeObject, message: string): Promise<void> {
    const { objects, events, now } = this.#deps;
    const before = stored['status'] as VotingAppStatus | undefined;
    const problem: Verdict = { status: 'False', reason: 'InvalidSpec', message };
    const status = invalidStatus(stored, problem, { before, now: now() });
    tellProblems(events, stored, [{ reason: 'InvalidSpec', message }]);
    await writeStatus(objects, stored, status, before);
  }

  async #pass(stored: KubeObject, app: VotingApp): Promise<Result> {
    const { objects, copy, readings, events, release, now } = this.#deps;
    const { namespace = '', name, uid = '' } = app.metadata;
    const before = app.status;
    const isPaused = app.metadata.annotations?.[ANNOTATIONS.reconcile] === 'disabled';
    const heard = await readings.last(uid);
    const work = isPaused ? this.#idle(app, heard) : await this.#work(app, heard, before);
    tellOutcomes(events, stored, work.outcomes, work.removed);
    tellProblems(events, stored, work.problems);

    const components = observeComponents(copy, app);
    const reading = await readings.of({ namespace, name, uid }, runningServices(components));
    const findings: Findings = {
      ...work,
      app,
      components,
      reading,
      isPaused,
      release: release.version,
      wasReady: wasReady(before),
    };
    const status = statusOf(findings, { before, version: app.spec.version ?? release.version, now: now() });
    tellTurns(events, stored, before, status);
    await writeStatus(objects, stored, status, before);
    return { requeueAfterMs: pauseAfter(status) };
  }

  #idle(app: VotingApp, heard: Reading): Work {
    return { problems: [], outcomes: [], removed: [], hibernation: judgeHibernation(this.#deps.copy, app, heard) };
  }

  async #work(app: VotingApp, heard: Reading, before: VotingAppStatus | undefined): Promise<Work> {
    const { objects, copy } = this.#deps;
    const hibernation = judgeHibernation(copy, app, heard);
    const isFinal = heard.count?.isFinal ?? before?.tally?.final ?? false;
    const isHibernated = hibernation === 'Granted';
    const found = await findFacts(this.#deps, app, { isHibernated, isFinal }, (binding) =>
      this.#secrets.ensure(app, binding),
    );
    if (isProblem(found)) return { problems: [found], outcomes: [], removed: [], hibernation };

    const wanted = desired(app, found.facts);
    const outcomes: Outcome[] = [found.secrets.outcome];
    const problems: Problem[] = [];
    const fewest = fewestPods(wanted);
    for (const object of wanted) {
      outcomes.push(await applyObject(this.#deps, app, object, fewest.get(object.metadata.name)));
      const problem = object.kind === STATEFUL_SET.kind ? await growClaims(this.#deps, object) : null;
      if (problem !== null) problems.push(problem);
    }
    const { removed, refused } = await prune({ objects, copy }, app, wanted);
    problems.push(...refused);
    const poll = wanted.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === `${app.metadata.name}-poll`,
    );
    if (poll !== undefined) await hastenDefinition(this.#deps, app, poll);
    problems.unshift(...outcomes.flatMap((outcome) => (outcome.did === 'failed' ? outcome.problem : [])));
    return { problems, outcomes, removed, hibernation };
  }
}

function runningServices(components: readonly Component[]): Set<ServiceName> {
  return new Set(SERVICES.filter((service) => components.some(({ part, ready }) => part === service && ready > 0)));
}

function pauseAfter(status: VotingAppStatus): number {
  const conditions = conditionsBefore(status);
  const is = (type: string): boolean => conditions.some((each) => each.type === type && each.status === 'True');
  if (is('Hibernated')) return ASLEEP_MS;
  return is('Progressing') ? CHANGING_MS : USUAL_MS;
}

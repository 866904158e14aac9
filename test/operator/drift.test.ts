import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { KubeClient, ObjectRef } from '../cluster/client.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from './arbitrary-resource.ts';
import { crowd } from './crowd.ts';
import { type RunningOperator, Stage, stageCluster } from './in-process.ts';
import { EDITS_OF_WORKLOADS, LEFT_ALONE, OTHER_EDITS, OWN, REMOVED } from './somebodys-edits.ts';

/** From somebody's edit to its end: half of them, for other suites take the cores from one or the other. */
const LIMIT_MS = 2_000;
/** An operator that has not heard of the edit looks again after 10 s. */
const EACH_MS = 5_000;
const SECTIONS = {
  vote: { replicas: 3 },
  front: { autoscaling: { mode: 'HPA', minReplicas: 2, maxReplicas: 6 } },
  expose: { type: 'Ingress', hosts: { vote: 'vote.example.com', front: 'results.example.com' } },
};

const cluster = await stageCluster();

describe.skipIf(cluster === null)('what somebody else does to objects', { timeout: FIRST_START_MS }, () => {
  let client: KubeClient;
  let stage: Stage;
  let operator: RunningOperator;
  /** How long each correction took, in ms. */
  const took: number[] = [];
  beforeAll(async () => {
    client = cluster!.client;
    stage = await Stage.set(cluster!);
    operator = await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster?.leave();
  });

  /** A VotingApp of which an object of each kind is there. */
  async function started(app: string): Promise<void> {
    await stage.apply(votingApp(app, {}, SECTIONS));
    await stage.untilCondition(app, 'Ready');
  }

  /** An object without what the server and controllers say of it. */
  async function asked(ref: ObjectRef): Promise<object | null> {
    const object = await client.get(ref);
    if (object === null) return null;
    const { metadata, status: _, ...rest } = object;
    const { name, labels, annotations, ownerReferences = [] } = metadata;
    const { clusterIP, clusterIPs: __, ...spec } = (rest.spec ?? {}) as { clusterIP?: string; clusterIPs?: unknown };
    const address = clusterIP === 'None' ? { clusterIP } : {};
    // The Deployment's controller counts the templates that there have been.
    const { 'deployment.kubernetes.io/revision': ___, ...noted } = annotations ?? {};
    return { ...rest, spec: { ...spec, ...address }, name, labels, annotations: noted, ownerReferences };
  }

  async function untilAgain(ref: ObjectRef, before: object | null): Promise<void> {
    const from = performance.now();
    await expect.poll(() => asked(ref), { timeout: EACH_MS, interval: 50 }).toEqual(before);
    took.push(performance.now() - from);
  }

  describe.each([
    ['pods', EDITS_OF_WORKLOADS],
    ['others', OTHER_EDITS],
  ])('is changed back and told (%s)', (app, edits) => {
    beforeAll(() => started(app));

    test.each(Object.entries(edits))('%s', async (_, { kind, name, patch, field }) => {
      const ref = stage.ref(`${app}-${name}`, kind);
      const before = await asked(ref);
      await client.merge(ref, patch((await client.get(ref))!));
      await untilAgain(ref, before);
      const sentence = `Normal DriftCorrected ${kind.kind} ${ref.name} had another ${field}, which was changed back`;
      await stage.untilEvent(app, sentence, { timeoutMs: EACH_MS });
    });
  });

  describe('is made again when it was deleted', () => {
    beforeAll(() => started('removed'));

    test.each(REMOVED.map(([kind, name]) => [kind.kind, name, kind] as const))('%s %s', async (_, name, kind) => {
      const ref = stage.ref(`removed-${name}`, kind);
      const before = await asked(ref);
      const uid = (await client.get(ref))?.metadata.uid;
      await client.remove(ref);
      await untilAgain(ref, before);
      expect((await client.get(ref))?.metadata.uid).not.toBe(uid);
      const sentence = new RegExp(`^Normal ObjectsChanged Created (.*, )?${kind.kind} ${ref.name}\\b`);
      await stage.untilEvent('removed', sentence, { timeoutMs: EACH_MS });
    });
  });

  describe('is left alone where it is no business of ours, a correction beside it included', () => {
    beforeAll(() => started('kept'));

    test.each(Object.entries(LEFT_ALONE))('%s', async (_, { kind, name, patch }) => {
      const ref = stage.ref(`kept-${name}`, kind);
      await client.merge(ref, patch((await client.get(ref))!));
      const edited = await asked(ref);
      const passes = await operator.passes();
      // Each pass looks at every object.
      await stage.patch('kept', { metadata: { annotations: { [OWN]: String(passes) } } });
      await expect.poll(() => operator.passes()).toBeGreaterThan(passes);
      expect(await asked(ref)).toEqual(edited);

      const label = 'app.kubernetes.io/part-of';
      await client.merge(ref, { metadata: { labels: { [label]: null } } });
      await untilAgain(ref, edited);
    });
  });

  test('is over within 2 s', () => {
    expect(took.toSorted((one, other) => one - other)[Math.floor(took.length / 2)]).toBeLessThan(LIMIT_MS * crowd());
  });
});

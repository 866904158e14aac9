import { readFile } from 'node:fs/promises';

import { KubeConfig } from '@kubernetes/client-node';
import { FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';
import type { VotingAppObject } from '@voteapp/contracts/contract/resource-table';
import { createRegistry } from '@voteapp/kit/metrics';
import { operatorEnv } from '@voteapp/operator/config';
import { createOperator } from '@voteapp/operator/operator';
import { type Line, recordedLog } from '@voteapp/operator/runtime/testing/log';

import {
  type Kind,
  type KubeClient,
  type KubeObject,
  type ObjectRef,
  refOf,
  type RemoveOptions,
} from '../cluster/client.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { waitAmong, waitFor, waitUntilServed } from '../cluster/conditions.ts';
import { type FakePods, startFakePods } from '../cluster/ready-pods.ts';
import { sharedCluster, type SharedCluster } from '../cluster/shared.ts';
import { provisionVolumes } from '../cluster/volumes.ts';
import { PlayedServices } from './played-services.ts';

export const VOTING_APP: Kind = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp' };
const EVENT: Kind = { apiVersion: 'events.k8s.io/v1', kind: 'Event' };

/** What an operator makes of a VotingApp; of a kind that the server has not, it makes nothing. */
const CHILD_KINDS: readonly Kind[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
];
const DEFINITION = new URL('../../crds/voteapp.dev_votingapps.yaml', import.meta.url);

/** The API server that all suites share; null where there is none, or where it has nodes on which pods would run. */
export async function stageCluster(): Promise<SharedCluster | null> {
  const cluster = await sharedCluster('api');
  if (cluster === null || cluster.source === 'built' || cluster.source === 'kubebuilder') return cluster;
  await cluster.leave();
  return null;
}

/** Installs the definition of VotingApps; it stays. */
export async function installDefinition(client: KubeClient): Promise<void> {
  const applied = await client.applyAll(await readFile(DEFINITION, 'utf8'), { force: true });
  for (const definition of applied) await waitUntilServed(client, refOf(definition));
}

/** As "Deployment shop-vote-server". */
export function nameOf({ kind, metadata: { name } }: KubeObject): string {
  return `${kind} ${name}`;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

/** The conditions that an object reports, by their types. */
export function conditionsOf({ status }: KubeObject): Readonly<Record<string, Condition>> {
  const conditions = (status?.['conditions'] ?? []) as readonly Condition[];
  return Object.fromEntries(conditions.map((condition) => [condition.type, condition]));
}

export interface OperatorOptions {
  /** What its Lease knows it by. */
  readonly podName?: string;
  /** Environment variables besides, as LEASE_DURATION_SECONDS. */
  readonly env?: Readonly<Record<string, string>>;
  /** The clock that polls open by, in ms since the epoch. */
  readonly now?: () => number;
}

/** An operator in this process. */
export interface RunningOperator {
  /** Of /healthz, /readyz and /metrics. */
  readonly port: number;
  /** What it has logged, at every level. */
  readonly lines: readonly Line[];
  /** The sum of a metric's series that have these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** How many passes it has made over VotingApps. */
  passes(): Promise<number>;
  /** As SIGTERM does; once more does nothing. */
  stop(): Promise<void>;
}

type Waiting = NonNullable<Parameters<typeof waitFor>[3]>;

/**
 * A namespace in which everything is played but the API server, its controllers and operators: pods are ready by their
 * status alone, and their services say what a test has them say.
 */
export class Stage {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly pods: FakePods;
  readonly services: PlayedServices;
  readonly #kubeconfig: string;
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(
    { client, kubeconfig }: Pick<Cluster, 'client' | 'kubeconfig'>,
    namespace: string,
    pods: FakePods,
  ) {
    this.client = client;
    this.namespace = namespace;
    this.pods = pods;
    this.services = new PlayedServices((app) => this.get(app));
    this.#kubeconfig = kubeconfig;
  }

  /**
   * Makes a namespace, its stage, and the definition of VotingApps, unless a test brings its own. Operators are the
   * test's to start.
   */
  static async set(
    cluster: Pick<Cluster, 'client' | 'kubeconfig' | 'createNamespace'>,
    {
      labels,
      definition = 'installed',
    }: { labels?: Readonly<Record<string, string>>; definition?: 'installed' | 'own' } = {},
  ): Promise<Stage> {
    const { client } = cluster;
    if (definition === 'installed') await installDefinition(client);
    const namespace = await cluster.createNamespace(labels);
    const pods = await startFakePods(client, { namespace });
    const stage = new Stage(cluster, namespace, pods);
    stage.#stops.push(() => pods.stop());
    const volumes = await provisionVolumes(client);
    stage.#stops.push(() => volumes.stop());
    return stage;
  }

  /** Starts an operator for the namespace; resolves when it has a copy of it and competes for the lead. */
  async startOperator({ podName = 'operator', env = {}, now }: OperatorOptions = {}): Promise<RunningOperator> {
    const config = operatorEnv.parse({
      HOST: '127.0.0.1',
      PORT: '0',
      POD_NAME: podName,
      POD_NAMESPACE: this.namespace,
      WATCH_NAMESPACE: this.namespace,
      ...env,
    });
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(this.#kubeconfig);
    const { log, lines } = recordedLog('debug');
    const registry = createRegistry('operator', false);
    const { fetch } = this.services;
    const operator = createOperator({
      config,
      kubeConfig,
      log,
      registry,
      fetch,
      ...(now === undefined ? {} : { now }),
    });
    let stopped: Promise<void> | null = null;
    const stop = () => (stopped ??= operator.stop());
    this.#stops.push(stop);
    const { port } = await operator.start();
    const metric: RunningOperator['metric'] = async (name, labels = {}) => {
      const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
      const counted = values.filter((sample) =>
        Object.entries(labels).every(([label, value]) => (sample.labels as Record<string, unknown>)[label] === value),
      );
      return counted.reduce((sum, { value }) => sum + value, 0);
    };
    return { port, lines, metric, passes: () => metric('controller_runtime_reconcile_total'), stop };
  }

  /** The name of a VotingApp here, or of an object of another kind. */
  ref(name: string, kind: Kind = VOTING_APP): ObjectRef {
    return { ...kind, namespace: this.namespace, name };
  }

  /** Server-side apply, of whatever object, to the namespace. */
  async apply(object: KubeObject | VotingAppObject): Promise<KubeObject> {
    const metadata = { ...object.metadata, namespace: this.namespace };
    return await this.client.apply({ ...object, metadata }, { force: true });
  }

  /** The VotingApp; null when there is none. */
  async get(name: string): Promise<KubeObject | null> {
    return await this.client.get(this.ref(name));
  }

  /** JSON merge patch of the VotingApp. */
  async patch(name: string, patch: object): Promise<KubeObject> {
    return await this.client.merge(this.ref(name), patch);
  }

  async remove(name: string, options?: RemoveOptions): Promise<void> {
    await this.client.remove(this.ref(name), options);
  }

  /** Resolves with the VotingApp as soon as it is as wanted. Throws `NotInTime`, with its state, when it never is. */
  async until(name: string, accept: (app: KubeObject) => boolean, waiting?: Waiting): Promise<KubeObject> {
    return await waitFor(this.client, this.ref(name), accept, waiting);
  }

  /** Resolves with the VotingApp when it reports a condition of its present generation. Throws `NotInTime`. */
  async untilCondition(
    name: string,
    type: string,
    { status = 'True', reason, ...waiting }: Waiting & { readonly status?: string; readonly reason?: string } = {},
  ): Promise<KubeObject> {
    const holds = (app: KubeObject) => {
      const condition = conditionsOf(app)[type];
      return (
        condition?.observedGeneration === app.metadata.generation &&
        condition?.status === status &&
        (reason === undefined || condition.reason === reason)
      );
    };
    return await this.until(name, holds, { what: `${type}=${status} ${reason ?? ''}`.trim(), ...waiting });
  }

  /** What operators have made of a VotingApp, its Secret included; what that has become by controllers is not among it. */
  async children(name: string): Promise<KubeObject[]> {
    const labelSelector = `${LABELS.managedBy}=${FIELD_MANAGERS.objects},${LABELS.instance}=${name}`;
    const { client, namespace } = this;
    const lists = await Promise.all(
      CHILD_KINDS.map(async (kind) =>
        (await client.serves(kind)) ? await client.list(kind, { namespace, labelSelector }) : [],
      ),
    );
    return lists.flat();
  }

  /** What there is to read about a VotingApp, as "Normal DriftCorrected Deployment … was changed back". */
  async events(name: string): Promise<string[]> {
    return (await this.client.list(EVENT, { namespace: this.namespace })).flatMap((event) => sentenceOn(name, event));
  }

  /** Resolves with an event on a VotingApp that has the sentence, or one that matches. Throws `NotInTime`. */
  async untilEvent(name: string, sentence: RegExp | string, waiting?: Waiting): Promise<string> {
    const { client, namespace } = this;
    const fits = (each: string) => (typeof sentence === 'string' ? each === sentence : sentence.test(each));
    return await waitAmong(
      client,
      EVENT,
      { namespace },
      (seen) => [...seen.values()].flatMap((event) => sentenceOn(name, event)).find(fits) ?? null,
      { what: `events on ${name} like ${sentence}`, ...waiting },
    );
  }

  /** Stops the operators that run still, and then what plays their world. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
  }
}

function sentenceOn(name: string, event: KubeObject): string[] {
  const { regarding, type, reason, note } = event as unknown as {
    readonly regarding?: { readonly kind?: string; readonly name?: string };
    readonly type: string;
    readonly reason: string;
    readonly note: string;
  };
  return regarding?.kind === VOTING_APP.kind && regarding.name === name ? [`${type} ${reason} ${note}`] : [];
}

import { readFile } from 'node:fs/promises';

import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import type { VotingAppStatus } from '@voteapp/contracts/resource/status';
import { parseAllDocuments } from 'yaml';
import { expect } from 'vitest';

import type { KubeClient, KubeObject } from '../../cluster/client.ts';
import { waitFor, waitForCondition } from '../../cluster/conditions.ts';
import { ask, type Answer, type Door } from './http.ts';

const VOTING_APP = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp' };
export const POD = { apiVersion: 'v1', kind: 'Pod' };

// Images are there; servers make their files, on cores that other suites use too.
const READY = { timeoutMs: 240_000 };
// A running count is written to the status at most every ten seconds.
const COUNTED = { timeoutMs: 60_000 };

type Spec = VotingApp['spec'];

// Suites run side by side on one node of two CPUs; what a part asks for by itself suits a real one.
export const MODEST = { resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '1Gi' } } };

/** A poll that takes little of the node, whatever else it is. */
function modest(spec: Spec): Spec {
  const { database = { type: 'Managed' }, queue = { type: 'RabbitMQ' } } = spec;
  return {
    ...spec,
    vote: { ...spec.vote, ...MODEST },
    worker: { ...spec.worker, ...MODEST },
    front: { ...spec.front, ...MODEST },
    ...(database.type === 'Managed' && { database: { ...database, managed: { ...database.managed, ...MODEST } } }),
    ...(queue.type === 'RabbitMQ' && { queue: { ...queue, rabbitmq: { ...queue.rabbitmq, ...MODEST } } }),
  };
}

interface PodStatus {
  readonly podIP: string;
  readonly containerStatuses: readonly { readonly restartCount: number }[];
}

export interface RunningPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly component: string;
  readonly address: string;
  readonly restarts: number;
}

/** A VotingApp of a sample, in a namespace, as its users see it. */
export class Poll {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;

  constructor(client: KubeClient, namespace: string, name: string) {
    this.client = client;
    this.namespace = namespace;
    this.name = name;
  }

  /** Applies a sample, its VotingApp small and with what `edit` makes of its spec, and resolves when it is Ready. */
  static async apply(
    client: KubeClient,
    namespace: string,
    sample: string,
    edit: (spec: Spec) => Spec = (spec) => spec,
  ): Promise<Poll> {
    const text = await readFile(new URL(`../../../manifests/samples/${sample}.yaml`, import.meta.url), 'utf8');
    const objects = parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
    for (const object of objects) {
      const spec = object.kind === 'VotingApp' ? { spec: modest(edit(object.spec as Spec)) } : {};
      await client.apply({ ...object, ...spec, metadata: { ...object.metadata, namespace } });
    }
    const { metadata } = objects.find(({ kind }) => kind === 'VotingApp')!;
    const poll = new Poll(client, namespace, metadata.name);
    await poll.ready();
    return poll;
  }

  get ref() {
    return { ...VOTING_APP, namespace: this.namespace, name: this.name };
  }

  /** As `kubectl wait --for=condition=Ready`, of the present generation. */
  async ready(): Promise<KubeObject> {
    return await waitForCondition(this.client, this.ref, 'Ready', READY);
  }

  /** Changes the spec by a merge patch. */
  async edit(spec: object): Promise<void> {
    await this.client.merge(this.ref, { spec });
  }

  /** Resolves with the status as soon as it holds what is expected (as of `toMatchObject`). */
  async status(expected: object): Promise<VotingAppStatus> {
    const holds = ({ status }: KubeObject): boolean => {
      try {
        expect(status).toMatchObject(expected);
        return true;
      } catch {
        return false;
      }
    };
    const what = `of a status like ${JSON.stringify(expected)}`;
    return (await waitFor(this.client, this.ref, holds, { ...COUNTED, what })).status as unknown as VotingAppStatus;
  }

  /** What `kubectl get` shows. */
  async columns(): Promise<readonly unknown[]> {
    const path = `/apis/voteapp.dev/v1alpha1/namespaces/${this.namespace}/votingapps/${this.name}`;
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const table = (await this.client.raw('GET', path, undefined, { accept })) as { rows: [{ cells: unknown[] }] };
    return table.rows[0].cells;
  }

  /** The pods of a part, or of all. */
  async pods(part?: string): Promise<readonly RunningPod[]> {
    const component = part === undefined ? '' : `,app.kubernetes.io/component=${part}`;
    const labelSelector = `app.kubernetes.io/instance=${this.name}${component}`;
    const pods = await this.client.list(POD, { namespace: this.namespace, labelSelector });
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata, status }) => {
        const { podIP = '', containerStatuses = [] } = status as Partial<PodStatus>;
        const restarts = containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
        const component = metadata.labels?.['app.kubernetes.io/component'] ?? '';
        return {
          namespace: this.namespace,
          name: metadata.name,
          uid: metadata.uid!,
          component,
          address: podIP,
          restarts,
        };
      });
  }

  /** Asks a service as the API server leads to it. */
  async askService(service: 'vote' | 'front', path: string, body?: unknown): Promise<string> {
    const proxied = `/api/v1/namespaces/${this.namespace}/services/http:${this.name}-${service}-service:80/proxy${path}`;
    const answer = await this.client.raw(body === undefined ? 'GET' : 'POST', proxied, body);
    return typeof answer === 'string' ? answer : JSON.stringify(answer);
  }
}

/** Asks a pod at one of its ports, by a forwarded one. */
export async function askPod(
  client: KubeClient,
  pod: { readonly namespace: string; readonly name: string },
  port: number,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const forwarded = await client.portForward(pod, port);
  try {
    return await ask({ url: `http://127.0.0.1:${forwarded.port}` }, path, body);
  } finally {
    await forwarded.close();
  }
}

/** Votes through a door and tells how each was answered. */
export async function vote(door: Door, ...options: readonly string[]): Promise<readonly number[]> {
  const answers = await Promise.all(options.map((option) => ask(door, '/api/vote', { option })));
  return answers.map(({ status }) => status);
}

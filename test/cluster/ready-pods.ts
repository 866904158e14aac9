import { type KubeClient, type KubeObject, refOf } from './client.ts';
import { waitFor } from './conditions.ts';
import { followEach, isOutrun } from './follow.ts';
import { type PodState, statusFor } from './pod-status.ts';

const NODE = 'fake-1';
const ADDRESS = '10.0.0.1';
// A node that was silent for 40 s is lost, and its pods with it.
const RENEWAL_MS = 10_000;
const LEASE_SECONDS = 40;
const NODE_REF = { apiVersion: 'v1', kind: 'Node', name: NODE };
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
// No suite is to wait for what another has left: the pods of a whole run fit.
const ROOM = { cpu: '4000', memory: '1Pi', 'ephemeral-storage': '1Pi', pods: '100000' };

/** What pods are to be, by each pod. */
type Behaviour = (pod: KubeObject) => PodState;

/** Pods of Jobs have succeeded, all others are ready. */
const AS_WANTED: Behaviour = ({ metadata }) =>
  metadata.ownerReferences?.some(({ kind }) => kind === 'Job') === true ? 'Succeeded' : 'Ready';

/** Pods that exist by what their status says. */
export interface FakePods {
  /** Makes pods behave so from now on, those that there are too. */
  behave(behaviour: Behaviour): Promise<void>;
  /** Leaves pods and node as they are; throws what kept it from working. */
  stop(): Promise<void>;
}

interface Options {
  /** Only its pods; those of all where none is named. Suites that share a cluster share the node. */
  readonly namespace?: string;
  readonly behaviour?: Behaviour;
  readonly now?: () => number;
  readonly renewalMs?: number;
}

const READY = {
  type: 'Ready',
  status: 'True',
  reason: 'KubeletReady',
  message: 'this node runs nothing',
};

async function join(client: KubeClient, now: string): Promise<void> {
  const labels = { 'kubernetes.io/hostname': NODE, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  await client.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE, labels } });
  const status = {
    capacity: ROOM,
    allocatable: ROOM,
    addresses: [{ type: 'InternalIP', address: ADDRESS }],
    conditions: [{ ...READY, lastHeartbeatTime: now, lastTransitionTime: now }],
  };
  await client.merge(NODE_REF, { status }, { subresource: 'status' });
}

async function renew(client: KubeClient, now: string): Promise<void> {
  // Microseconds, which these times have, are not in a Date.
  const spec = { holderIdentity: NODE, leaseDurationSeconds: LEASE_SECONDS, renewTime: now.replace('Z', '000Z') };
  await client.apply({ ...LEASE, metadata: { namespace: 'kube-node-lease', name: NODE }, spec }, { force: true });
}

/**
 * Plays the kubelet of a node `fake-1` on a cluster that has none: writes of each pod that is scheduled to it that it is
 * as it should be, without running anything, and completes the end of those that are deleted. Resolves when pods are
 * scheduled to it.
 */
export async function startFakePods(
  client: KubeClient,
  { namespace, behaviour = AS_WANTED, now = Date.now, renewalMs = RENEWAL_MS }: Options = {},
): Promise<FakePods> {
  const stopping = new AbortController();
  const pods = new Map<string, KubeObject>();
  let behaves = behaviour;
  let addresses = 0;
  const time = () => new Date(now()).toISOString();
  const newPodAddress = () => {
    addresses += 1;
    return `10.244.${Math.floor(addresses / 250)}.${(addresses % 250) + 2}`;
  };

  async function handle(pod: KubeObject): Promise<void> {
    const { uid = '', deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      pods.delete(uid);
      return await client.remove(refOf(pod), { gracePeriodSeconds: 0, uid });
    }
    pods.set(uid, pod);
    const status = statusFor(pod, behaves(pod), { address: ADDRESS, newPodAddress }, time());
    if (status !== null) await client.merge(refOf(pod), { metadata: { uid }, status }, { subresource: 'status' });
  }
  await renew(client, time());
  await join(client, time());
  // The node counts as lost until the API server's other parts have seen it.
  await waitFor(client, NODE_REF, ({ spec }) => ((spec?.['taints'] ?? []) as object[]).length === 0, {
    what: 'usable',
  });
  const heartbeat = setInterval(() => void renew(client, time()).catch(() => {}), renewalMs).unref();
  const own = { namespace, fieldSelector: `spec.nodeName=${NODE}` };
  const work = followEach(client, { apiVersion: 'v1', kind: 'Pod' }, own, handle, stopping.signal);
  // Told by `stop`.
  work.catch(() => {});
  return {
    async behave(next) {
      behaves = next;
      for (const pod of pods.values()) {
        await handle(pod).catch((error: unknown) => {
          if (!isOutrun(error)) throw error;
        });
      }
    },
    async stop() {
      clearInterval(heartbeat);
      stopping.abort();
      await work;
    },
  };
}

import { PORTS } from '@voteapp/contracts/ports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { KubeObject } from '../../cluster/client.ts';
import { waitFor, waitForCondition } from '../../cluster/conditions.ts';
import { readPage, sectionOf, stepsOf } from '../../tools/document.ts';
import { Shell } from '../shell.ts';
import { FIRST_START_MS, installWithImages, knownNode, restrictedNamespace } from './cluster.ts';
import { askPod, POD, Poll, type RunningPod } from './poll.ts';

const cluster = await knownNode();

/** Where each part may listen. */
const PORTS_OF = {
  vote: PORTS.vote,
  'vote metrics': PORTS.admin,
  front: PORTS.front,
  'front metrics': PORTS.admin,
  worker: PORTS.worker,
  'worker metrics': PORTS.admin,
  mysql: 3306,
  rabbitmq: 5672,
  'rabbitmq epmd': 4369,
  'rabbitmq management': 15672,
  'rabbitmq metrics': 15692,
  'rabbitmq nodes': 25672,
} as const;
type Target = keyof typeof PORTS_OF | 'the API server' | 'DNS';

/** Every connection that may be made, by who makes it; all others are denied. */
const ALLOWED: Readonly<Record<string, readonly Target[]>> = {
  vote: ['front', 'rabbitmq', 'DNS'],
  front: ['mysql', 'DNS'],
  worker: ['mysql', 'rabbitmq', 'DNS'],
  mysql: [],
  rabbitmq: ['DNS'],
  'somebody else': ['vote', 'front', 'DNS', 'the API server'],
};

// What answers is reached, were it by refusing; what is denied stays silent.
const PROBE = `for (const target of process.argv.slice(1)) {
  const [name, host, port] = target.split('/');
  const socket = require('node:net').connect({ host, port, timeout: 2000 });
  const reached = () => { console.log(name); socket.destroy(); };
  socket.on('connect', reached).on('timeout', () => socket.destroy());
  socket.on('error', ({ code }) => { if (code === 'ECONNREFUSED') reached(); });
}`;
/** Keeps a pod, or a network that it shares, for who runs commands in it. */
function idle(name: string, image: string) {
  return {
    name,
    image,
    imagePullPolicy: 'Never',
    command: ['node', '-e', 'setInterval(() => {}, 1000)'],
    securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
}

function somebodysPod(namespace: string, image: string): KubeObject {
  return {
    ...POD,
    metadata: { namespace, name: 'somebody' },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [idle('idle', image)],
    },
  };
}

describe.skipIf(cluster === null)('the smallest poll, on a node', { timeout: FIRST_START_MS }, () => {
  let poll: Poll;
  let image: string;
  let somebody: { namespace: string; name: string };
  beforeAll(async () => {
    const { client } = cluster!;
    ({ vote: image } = await installWithImages(cluster!));
    somebody = { namespace: await restrictedNamespace(cluster!), name: 'somebody' };
    await client.apply(somebodysPod(somebody.namespace, image));
    await waitForCondition(client, { ...POD, ...somebody }, 'Ready');
    poll = new Poll(client, await restrictedNamespace(cluster!), 'smallest');
  }, FIRST_START_MS);
  afterAll(() => cluster?.leave());

  // The other tests go on with its poll.
  test('comes to be, and is voted on, as docs/operator.md says', async () => {
    const { kubeconfig, kubectl = 'kubectl' } = cluster!;
    const shell = await Shell.open({ kubeconfig, namespace: poll.namespace, programs: [kubectl] });
    try {
      const tour = stepsOf(sectionOf(await readPage('docs/operator.md'), 'The first poll'));
      expect(tour.length).toBeGreaterThan(5);
      for (const step of tour) await shell.walk(step);
    } finally {
      await shell.close();
    }
  });

  /** Has a container beside those of a pod, as `kubectl debug` makes it. */
  async function withProbe(pod: RunningPod): Promise<{ container: string }> {
    const { client } = cluster!;
    const [ref, container] = [{ ...POD, namespace: pod.namespace, name: pod.name }, 'probe'];
    const spec = { ephemeralContainers: [idle(container, image)] };
    await client.merge(ref, { spec }, { subresource: 'ephemeralcontainers' });
    await waitFor(client, ref, ({ status }) => {
      const { ephemeralContainerStatuses: [probe] = [] } = status as {
        ephemeralContainerStatuses?: { state: { running?: object } }[];
      };
      return probe?.state.running !== undefined;
    });
    return { container };
  }

  test('lets through the connections that it needs, and no other', async () => {
    const pods = await poll.pods();
    // The last of each part: of two, the first asks.
    const addresses = Object.entries(PORTS_OF).map(([target, port]) => {
      const pod = pods.findLast(({ component }) => component === target.split(' ')[0])!;
      return { target, pod, address: `${pod.address}/${port}` };
    });
    const inTheCluster = ['DNS/10.96.0.10/53', 'the API server/10.96.0.1/443'];
    const seen: Record<string, string[]> = {};
    for (const source of Object.keys(ALLOWED)) {
      const pod = pods.find(({ component }) => component === source);
      // Nothing comes between a pod and itself.
      const others = addresses.filter((address) => address.pod !== pod);
      const asked = [...others.map(({ target, address }) => `${target}/${address}`), ...inTheCluster];
      const probe = pod === undefined ? {} : await withProbe(pod);
      const { stdout, stderr } = await cluster!.client.exec(pod ?? somebody, ['node', '-e', PROBE, ...asked], probe);
      expect(stderr).toBe('');
      seen[source] = stdout.split('\n').filter((line) => line !== '');
      seen[source].sort();
    }
    const allowed = Object.entries(ALLOWED).map(([source, targets]) => [source, targets.toSorted()]);
    expect(seen).toEqual(Object.fromEntries(allowed));
  });

  test('judges votes by an edited definition within 5 s, on every replica, and restarts none', async () => {
    const before = await poll.pods();
    const votes = before.filter(({ component }) => component === 'vote');
    expect(votes).toHaveLength(2);

    const added: { id: string }[] = [];
    /** Seconds from an edit until every vote replica judges by it. */
    async function liveAfter(option: string): Promise<number> {
      const at = performance.now();
      const closesAt = new Date(Date.now() + 3_600_000).toISOString();
      // Whoever has votes keeps their place.
      added.push({ id: option });
      const options = [{ id: 'coca' }, { id: 'pepsi', label: `Not ${option}` }, ...added];
      await poll.edit({ poll: { title: `With ${option}`, options, closesAt } });
      const edited = { title: `With ${option}`, options: [{ id: 'coca' }, { label: `Not ${option}` }, ...added] };
      const said = async (pod: RunningPod): Promise<{ closesAt?: string }> =>
        JSON.parse((await askPod(cluster!.client, pod, PORTS.vote, '/api/poll')).body) as object;
      await Promise.all(votes.map((pod) => expect.poll(() => said(pod), { interval: 200 }).toMatchObject(edited)));
      const seconds = (performance.now() - at) / 1000;
      for (const pod of votes) {
        expect(Date.parse((await said(pod)).closesAt ?? '')).toBe(Date.parse(closesAt));
        expect((await askPod(cluster!.client, pod, PORTS.vote, '/api/vote', { option })).status).toBe(202);
      }
      return seconds;
    }
    // Other suites only ever make it take longer.
    const seconds: number[] = [];
    for (const option of ['tea', 'mate', 'water']) seconds.push(await liveAfter(option));
    expect(Math.min(...seconds)).toBeLessThan(5);
    const whole = (pods: readonly RunningPod[]) => pods.map(({ uid, restarts }) => ({ uid, restarts }));
    expect(whole(await poll.pods())).toEqual(whole(before));
  });
});

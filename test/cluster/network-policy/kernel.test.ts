import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { findSoftware, type Root, unlessMissing } from '../../servers/software.ts';
import { isRequired } from '../../tools/programs.ts';
import { Keeper, quoted } from '../keeper.ts';
import { arbitraryCluster } from './arbitrary-cluster.ts';
import { nftablesScript } from './nftables.ts';
import type { ClusterObjects, NetworkPolicy, Pod } from './objects.ts';
import { rulesOf } from './rules.ts';

const ANSWER = fileURLToPath(new URL('answer.ts', import.meta.url));
const ASK = fileURLToPath(new URL('ask.sh', import.meta.url));
const JOIN = fileURLToPath(new URL('pod.sh', import.meta.url));
const NAMESPACES = ['--net', '--mount', '--pid', '--mount-proc', '--fork', '--kill-child'];
const BRIDGES_FILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables';
const LIMIT_S = 1;
const PORTS = [53, 80, 81];
const API_PORT = 6443;

/** The bridges of the node, with its address on each, and what is to be reached there. */
const BRIDGES = { pods: '10.244.0.1', outside: '203.0.113.1' };
const ADDRESSES = {
  web: '10.244.0.2',
  db: '10.244.0.3',
  log: '10.244.0.4',
  guest: '203.0.113.7',
  stranger: '203.0.113.200',
} as const;
/** A Service's address; its port 80 is port 81 of `db`. */
const SERVICE = '10.96.0.9';
const SERVICES = `table ip services {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${SERVICE} tcp dport 80 dnat to ${ADDRESSES.db}:81
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${ADDRESSES.db} ip daddr ${ADDRESSES.db} masquerade
  }
}
`;

/** Where there are `nft` and `ip`; null where this machine cannot make networks. */
async function findPrograms(): Promise<{ readonly root: Root } | null> {
  const able = process.getuid?.() === 0 && existsSync(BRIDGES_FILTER);
  if (able) {
    const wanted = { suite: 'trixie', packages: ['nftables', 'iproute2'], program: 'nft' };
    return await unlessMissing(
      'k8s-node',
      findSoftware(wanted).then((root) => ({ root })),
    );
  }
  const reason = 'networks are made by root, where the kernel filters bridges';
  if (isRequired('k8s-node')) throw new Error(`The tests need k8s-node: ${reason}`);
  process.stderr.write(`Tests of network policies in the kernel are skipped: ${reason}.\n`);
  return null;
}

const programs = await findPrograms();

describe.skipIf(programs === null)('the kernel', () => {
  const root = programs?.root ?? '/';
  const pids: Record<string, string> = { node: '1' };
  let keeper: Keeper;
  let scripts = 0;

  async function nft(script: string, ...options: readonly string[]): Promise<void> {
    const file = join(keeper.folder, `${(scripts += 1)}.nft`);
    await writeFile(file, script);
    await keeper.run(['bash', '-c', 'chroot "$@" -f - <"$0"', file, root, 'nft', ...options]);
  }

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-network-policy-'));
    keeper = await Keeper.create({
      folder,
      by: ['unshare', ...NAMESPACES],
      afterwards: ['rm', '-rf', '--', folder],
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    });
    const ip = (words: string) => keeper.run(['chroot', root, 'ip', ...words.split(' ')]);
    const answering = (...ports: readonly number[]) => [process.execPath, ANSWER, ...ports.map(String)];
    // `ip` names networks by processes.
    await keeper.run(['mount', '--bind', '/proc', join(root, 'proc')]);
    await keeper.tell(`echo 1 >${BRIDGES_FILTER}; echo 1 >/proc/sys/net/ipv4/ip_forward`);
    for (const [bridge, address] of Object.entries(BRIDGES)) {
      await ip(`link add ${bridge} type bridge`);
      await ip(`addr add ${address}/24 dev ${bridge}`);
      await ip(`link set ${bridge} up`);
    }
    await nft(SERVICES);
    await keeper.start('node', answering(API_PORT));
    for (const [name, address] of Object.entries(ADDRESSES)) {
      const bridge = address.startsWith('10.') ? 'pods' : 'outside';
      const command = ['unshare', '--net', 'bash', JOIN, root, bridge, address, ...answering(...PORTS)];
      pids[name] = await keeper.tell(`run ${quoted([name, ...command])}`);
    }
  });
  afterAll(() => keeper?.stop());

  /** Those of some connections that are answered now; each as "web > db:80", over TCP unless it ends in "/udp". */
  async function answered(connections: readonly string[]): Promise<string[]> {
    const asked = new Map(
      connections.map((words) => {
        const [, from = '', to = '', port = '', protocol = 'tcp'] =
          /^(\w+) > (\w+):(\d+)(?:\/(\w+))?$/.exec(words) ?? [];
        const address = { ...ADDRESSES, node: BRIDGES.pods, service: SERVICE }[to];
        return [[pids[from], protocol, address, port].join('/'), words] as const;
      }),
    );
    const answers = await keeper.run(['bash', ASK, String(LIMIT_S), ...asked.keys()]);
    return [...asked].filter(([question]) => answers.split('\n').includes(question)).map(([, words]) => words);
  }
  /** Makes the kernel follow policies for the pods, which are labelled with their names and have the port 80 named `web`. */
  async function enforce(...specs: readonly NetworkPolicy['spec'][]): Promise<void> {
    const pods = (['web', 'db', 'log'] as const).map((name): Pod => ({
      metadata: { name, namespace: 'shop', labels: { app: name } },
      spec: { containers: [{ ports: [{ name: 'web', containerPort: 80 }] }] },
      status: { phase: 'Running', podIP: ADDRESSES[name] },
    }));
    const policies = specs.map((spec) => ({ metadata: { name: 'policy', namespace: 'shop' }, spec }));
    await nft(nftablesScript(rulesOf({ policies, pods, namespaces: [] })));
  }
  const only = (name: string) => ({ matchLabels: { app: name } });

  const ALL = [
    'web > db:80',
    'web > db:81',
    'web > db:53/udp',
    'web > service:80',
    'log > db:80',
    'log > service:80',
    'db > service:80',
    'db > web:80',
    'db > web:53',
    'db > web:53/udp',
    'db > guest:80',
    'db > node:6443',
    'node > db:80',
    'guest > db:80',
    'stranger > db:80',
  ];

  // Also the way back to what there was before each test, and the wait for whoever is to answer.
  beforeEach(async () => {
    await enforce();
    await expect.poll(() => answered(ALL)).toEqual(ALL);
  });

  const CASES: Record<
    string,
    { readonly specs: readonly NetworkPolicy['spec'][]; readonly denied: readonly string[] }
  > = {
    'takes nothing for a pod that nobody may talk to, but from the node and from itself': {
      specs: [{ podSelector: only('db') }],
      denied: [
        'web > db:80',
        'web > db:81',
        'web > db:53/udp',
        'web > service:80',
        'log > db:80',
        'log > service:80',
        'guest > db:80',
        'stranger > db:80',
      ],
    },
    'lets in by label and by port, which is the pod’s own and not the Service’s': {
      specs: [{ podSelector: only('db'), ingress: [{ from: [{ podSelector: only('web') }], ports: [{ port: 81 }] }] }],
      denied: [
        'web > db:80',
        'web > db:53/udp',
        'log > db:80',
        'log > service:80',
        'guest > db:80',
        'stranger > db:80',
      ],
    },
    'lets in by the name of a port': {
      specs: [{ podSelector: only('db'), ingress: [{ ports: [{ port: 'web' }] }] }],
      denied: ['web > db:81', 'web > db:53/udp', 'web > service:80', 'log > service:80'],
    },
    'lets out to the ports of DNS only, and neither to the node': {
      specs: [
        {
          podSelector: only('db'),
          policyTypes: ['Egress'],
          egress: [{ ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }] }],
        },
      ],
      denied: ['db > web:80', 'db > guest:80', 'db > node:6443'],
    },
    'lets through what both ends allow': {
      specs: [
        { podSelector: only('web'), policyTypes: ['Egress'], egress: [{ to: [{ podSelector: only('db') }] }] },
        { podSelector: only('db'), ingress: [{ from: [{ podSelector: only('web') }], ports: [{ port: 80 }] }] },
      ],
      denied: [
        'web > db:81',
        'web > db:53/udp',
        'web > service:80',
        'log > db:80',
        'log > service:80',
        'guest > db:80',
        'stranger > db:80',
      ],
    },
    'lets in from a block but for the exceptions': {
      specs: [
        {
          podSelector: only('db'),
          ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } }] }],
        },
      ],
      denied: [
        'web > db:80',
        'web > db:81',
        'web > db:53/udp',
        'web > service:80',
        'log > db:80',
        'log > service:80',
        'stranger > db:80',
      ],
    },
    'lets out to a block, which may be the node': {
      specs: [
        {
          podSelector: only('db'),
          policyTypes: ['Egress'],
          egress: [{ to: [{ ipBlock: { cidr: `${BRIDGES.pods}/32` } }] }],
        },
      ],
      denied: ['db > web:80', 'db > web:53', 'db > web:53/udp', 'db > guest:80'],
    },
  };

  test.each(Object.entries(CASES))('%s', async (_, { specs, denied }) => {
    await enforce(...specs);
    // Not at once: on a busy machine an answer may come too late.
    await expect.poll(() => answered(ALL)).toEqual(ALL.filter((words) => !denied.includes(words)));
  });

  test('keeps a connection that is older than the policy', async () => {
    const talk =
      'exec 3<>"/dev/tcp/$0/80" && while read -r word; do echo "$word" >&3 && read -ru 3 && echo "$REPLY"; done';
    const pipe = join(keeper.folder, 'words');
    const client = ['nsenter', '--target', pids['web']!, '--net', 'bash', '-c', `(${talk}) <>'${pipe}'`, ADDRESSES.db];
    await keeper.run(['mkfifo', pipe]);
    const kept = await keeper.start('talk', client);
    await keeper.tell(`echo before >'${pipe}'`);
    await expect.poll(() => keeper.tail('talk')).toBe('before');
    await enforce({ podSelector: {} });
    expect(await answered(['web > db:80'])).toEqual([]);
    await keeper.tell(`echo after >'${pipe}'`);
    await expect.poll(() => keeper.tail('talk')).toBe('before\nafter');
    await kept.kill();
  });

  test('takes the script of whatever cluster', async () => {
    const clusters: ClusterObjects[] = fc.sample(arbitraryCluster, 100);
    await nft(clusters.map((objects) => nftablesScript(rulesOf(objects))).join(''), '--check');
  });
});

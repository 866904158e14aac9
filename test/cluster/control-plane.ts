import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { KubeClient } from './client.ts';
import type { Kept, Keeper } from './keeper.ts';
import type { ClusterUser } from './pki.ts';

const SERVICES = '10.96.0.0/16';
const PODS = '10.244.0.0/16';

/** The control plane of a cluster, as its processes see it. */
export interface ControlPlane {
  /** The folder of the programs. */
  readonly programs: string;
  /** The folder of certificates. */
  readonly pki: string;
  readonly kubeconfig: (user: ClusterUser) => string;
  /** For what is written and thrown away. */
  readonly scratch: string;
  /** Where the API server listens, and what it tells others. */
  readonly bind: string;
  readonly address: string;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
  readonly auditPolicy: string;
  readonly auditLog: string;
}

type Flags = Readonly<Record<string, string | number | boolean>>;

/** A command line of a program with long flags. */
export function flagged(program: string, flags: Flags): string[] {
  return [program, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
}

/** The API server's store; its data are thrown away, so it need not wait for the disk. */
function etcd({ programs, scratch, ports }: ControlPlane): string[] {
  const [client, peer] = [`http://127.0.0.1:${ports.etcd}`, `http://127.0.0.1:${ports.etcdPeer}`];
  return flagged(join(programs, 'etcd'), {
    'data-dir': join(scratch, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    'unsafe-no-fsync': true,
    'log-level': 'warn',
    logger: 'zap',
  });
}

function apiServer({ programs, pki, bind, address, ports, auditPolicy, auditLog }: ControlPlane): string[] {
  const file = (name: string) => join(pki, name);
  return flagged(join(programs, 'kube-apiserver'), {
    'etcd-servers': `http://127.0.0.1:${ports.etcd}`,
    'bind-address': bind,
    'secure-port': ports.api,
    'advertise-address': address,
    'tls-cert-file': file('apiserver.crt'),
    'tls-private-key-file': file('apiserver.key'),
    'client-ca-file': file('ca.crt'),
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': file('sa.pub'),
    'service-account-signing-key-file': file('sa.key'),
    'authorization-mode': 'Node,RBAC',
    // OpenShift has the second one on: whoever names an owner must have the right to its finalizers.
    'enable-admission-plugins': 'NodeRestriction,OwnerReferencesPermissionEnforcement',
    'service-cluster-ip-range': SERVICES,
    'allow-privileged': true,
    'audit-policy-file': auditPolicy,
    'audit-log-path': auditLog,
    'kubelet-client-certificate': file('apiserver-kubelet-client.crt'),
    'kubelet-client-key': file('apiserver-kubelet-client.key'),
    'kubelet-certificate-authority': file('ca.crt'),
    'kubelet-preferred-address-types': 'InternalIP',
    'requestheader-client-ca-file': file('ca.crt'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'proxy-client-cert-file': file('front-proxy-client.crt'),
    'proxy-client-key-file': file('front-proxy-client.key'),
    'enable-aggregator-routing': true,
  });
}

// At the default of 20 requests a second the first service accounts and pods come seconds later.
const BRISK = { 'kube-api-qps': 300, 'kube-api-burst': 600 } as const;

/** What the two clients of the API server have in common; nobody asks for their own ports. */
function client({ kubeconfig }: ControlPlane, user: 'controller-manager' | 'scheduler'): Flags {
  const path = kubeconfig(user);
  return {
    kubeconfig: path,
    'authentication-kubeconfig': path,
    'authorization-kubeconfig': path,
    'secure-port': 0,
    'leader-elect': false,
    ...BRISK,
  };
}

function controllerManager(plane: ControlPlane): string[] {
  const file = (name: string) => join(plane.pki, name);
  return flagged(join(plane.programs, 'kube-controller-manager'), {
    ...client(plane, 'controller-manager'),
    'use-service-account-credentials': true,
    'service-account-private-key-file': file('sa.key'),
    'root-ca-file': file('ca.crt'),
    'cluster-signing-cert-file': file('ca.crt'),
    'cluster-signing-key-file': file('ca.key'),
    'allocate-node-cidrs': true,
    'cluster-cidr': PODS,
    'service-cluster-ip-range': SERVICES,
    'flex-volume-plugin-dir': join(plane.scratch, 'flex'),
    'horizontal-pod-autoscaler-sync-period': '5s',
  });
}

function scheduler(plane: ControlPlane): string[] {
  return flagged(join(plane.programs, 'kube-scheduler'), client(plane, 'scheduler'));
}

/** The processes of a control plane, to be maltreated by tests. */
export type ControlPlaneParts = Readonly<
  Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler', Kept>
>;

const START_LIMIT_MS = 60_000;

/** Asks until the answer comes, as long as the process that must give it runs. Throws with the end of its log. */
async function until(keeper: Keeper, name: string, process: Kept, answered: () => Promise<unknown>): Promise<void> {
  const limit = performance.now() + START_LIMIT_MS;
  for (;;) {
    const answer = await answered().catch(() => null);
    if (answer !== null) return;
    if (performance.now() > limit || !(await process.running())) {
      throw new Error(`${name} did not start:\n${await keeper.tail(name)}`);
    }
    await wait(50);
  }
}

/** Starts a control plane; resolves when it serves and its controllers work. */
export async function startControlPlane(
  keeper: Keeper,
  plane: ControlPlane,
  client: KubeClient,
): Promise<ControlPlaneParts> {
  const store = await keeper.start('etcd', etcd(plane));
  const server = await keeper.start('kube-apiserver', apiServer(plane));
  await until(keeper, 'kube-apiserver', server, () => client.raw('GET', '/readyz'));
  const controllers = await keeper.start('kube-controller-manager', controllerManager(plane));
  const schedules = await keeper.start('kube-scheduler', scheduler(plane));
  // Without this account no pod is admitted.
  await until(keeper, 'kube-controller-manager', controllers, () =>
    client.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' }),
  );
  return {
    etcd: store,
    'kube-apiserver': server,
    'kube-controller-manager': controllers,
    'kube-scheduler': schedules,
  };
}

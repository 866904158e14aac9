import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { AUDIT_POLICY } from '../audit.ts';
import { KubeClient } from '../client.ts';
import { waitForCondition } from '../conditions.ts';
import type { Cluster } from '../cluster.ts';
import { flagged, startControlPlane } from '../control-plane.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { had } from '../missing.ts';
import { createNamespace } from '../namespace.ts';
import { enforcePolicies } from '../network-policy/enforcer.ts';
import { type ClusterUser, writePki } from '../pki.ts';
import { foldersIn, provisionVolumes } from '../volumes.ts';
import { addonImages } from './addon-images.ts';
import { installAddons } from './addons.ts';
import { fillStore, importImages, RUNTIME_ENDPOINT, startContainerRuntime } from './container-runtime.ts';
import { type Machine, startMachine } from './machine.ts';

const CLIENTS: readonly ClusterUser[] = ['admin', 'controller-manager', 'scheduler', 'proxy', 'kubelet'];

/** The kubelet's configuration, where it differs from what a node of its own would have. */
function kubeletConfiguration(machine: Machine, pki: string) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(pki, 'kubelet-server.crt'),
    tlsPrivateKeyFile: join(pki, 'kubelet-server.key'),
    containerRuntimeEndpoint: RUNTIME_ENDPOINT,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: machine.folder.replace(/.*\//, '/'),
    failSwapOn: false,
    failCgroupV1: false,
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolvConf: '/etc/resolv.conf',
    // The disk is the host's: what is left of it is not the node's to judge, nor are images its to remove.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: '4s',
    syncFrequency: '10s',
    shutdownGracePeriod: '0s',
    volumePluginDir: join(machine.folder, 'flex'),
  };
}

async function startNode(machine: Machine, programs: string, pki: string): Promise<void> {
  const { folder, address, keeper } = machine;
  const config = join(folder, 'kubelet.yaml');
  await writeFile(config, stringify(kubeletConfiguration(machine, pki)));
  await keeper.start(
    'kubelet',
    flagged(join(programs, 'kubelet'), {
      config,
      kubeconfig: join(folder, 'kubelet.kubeconfig'),
      'hostname-override': 'node1',
      'node-ip': address,
    }),
  );
  await keeper.start(
    'kube-proxy',
    flagged(join(programs, 'kube-proxy'), {
      kubeconfig: join(folder, 'proxy.kubeconfig'),
      'hostname-override': 'node1',
      'proxy-mode': 'iptables',
      'cluster-cidr': '10.244.0.0/16',
      // Only the host's own network has these to set.
      'conntrack-max-per-core': 0,
      'conntrack-tcp-timeout-established': 0,
      'conntrack-tcp-timeout-close-wait': 0,
    }),
  );
}

/**
 * Starts a whole node, control plane included, in namespaces of its own; needs root. Resolves when DNS, metrics and the
 * Ingress controller are ready too. Throws with the end of the log of the part that did not start.
 */
export async function startNodeLevel(programs: string): Promise<Cluster> {
  const images = await had(addonImages());
  const machine = await had(startMachine(programs));
  const { folder, address, keeper } = machine;
  const kubeconfig = (user: ClusterUser) => join(folder, `${user}.kubeconfig`);
  const endings: (() => Promise<void>)[] = [() => keeper.stop()];
  async function stop(): Promise<void> {
    for (const end of endings.toReversed()) await end();
  }
  try {
    const pki = join(folder, 'pki');
    await writePki(pki, [address]);
    for (const user of CLIENTS) await writeKubeconfig(pki, `https://${address}:6443`, user, kubeconfig(user));
    const auditPolicy = join(folder, 'audit-policy.yaml');
    const auditLog = join(folder, 'audit.log');
    await writeFile(auditPolicy, AUDIT_POLICY);
    await fillStore(programs, images, machine);
    await startContainerRuntime(machine);

    const client = new KubeClient(kubeconfig('admin'));
    endings.push(() => client.close());
    const ports = { api: 6443, etcd: 2379, etcdPeer: 2380 };
    const plane = {
      programs,
      pki,
      kubeconfig,
      scratch: folder,
      bind: '0.0.0.0',
      address,
      ports,
      auditPolicy,
      auditLog,
    };
    const parts = await startControlPlane(keeper, plane, client);
    await startNode(machine, programs, pki);
    await waitForCondition(client, { apiVersion: 'v1', kind: 'Node', name: 'node1' }, 'Ready');
    const volumes = await provisionVolumes(client, foldersIn(join(folder, 'volumes')));
    endings.push(() => volumes.stop());
    const file = join(folder, 'policies.nft');
    async function load(script: string): Promise<void> {
      await writeFile(file, script);
      await keeper.run(['nft', '-f', file]);
    }
    const policies = enforcePolicies(client, load, (error) => {
      process.stderr.write(`Network policies are not enforced: ${String(error)}\n`);
    });
    endings.push(() => policies.stop());
    await installAddons(client, address, pki);
    return {
      level: 'node',
      source: 'built',
      version: await client.release(),
      kubeconfig: kubeconfig('admin'),
      client,
      kubectl: join(programs, 'kubectl'),
      ingressUrl: `http://${address}`,
      auditLog,
      parts,
      createNamespace: (labels) => createNamespace(client, 'test', labels),
      loadImage: (archive) => importImages(machine, archive),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Authority, type Identity, pem } from '../tools/authority.ts';

// The API server takes no other kind of key for service account tokens that its own documents name.
const TOKEN_KEY = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

/** Whom a client certificate makes its bearer; the names are those that Kubernetes' own roles are bound to. */
const CLIENTS = {
  admin: 'O=system:masters, CN=admin',
  'controller-manager': 'CN=system:kube-controller-manager',
  scheduler: 'CN=system:kube-scheduler',
  proxy: 'CN=system:kube-proxy',
  kubelet: 'O=system:nodes, CN=system:node:node1',
  'apiserver-kubelet-client': 'O=system:masters, CN=apiserver-kubelet-client',
  'front-proxy-client': 'CN=front-proxy-client',
} as const;

const SERVERS = {
  apiserver: 'CN=kube-apiserver',
  'kubelet-server': 'CN=node1',
} as const;

const NAMES = [
  'localhost',
  'node1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** A user of the cluster by certificate. */
export type ClusterUser = keyof typeof CLIENTS;

/**
 * Makes one authority and, signed by it, a certificate for each part of a cluster, as `NAME.crt` and `NAME.key` in the
 * folder; `sa.key` and `sa.pub` sign service account tokens. `addresses` are IPs that the servers are reached at.
 */
export async function writePki(folder: string, addresses: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });

  async function write(name: string, { certificate, key }: Identity): Promise<void> {
    await writeFile(join(folder, `${name}.crt`), certificate);
    await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
  }
  const authority = await Authority.create();
  await write('ca', authority.identity);
  for (const [name, subject] of Object.entries(CLIENTS)) await write(name, await authority.issue({ subject }));
  const server = { names: NAMES, addresses: ['127.0.0.1', '10.96.0.1', ...addresses] };
  for (const [name, subject] of Object.entries(SERVERS)) await write(name, await authority.issue({ subject, server }));

  const { subtle } = webcrypto;
  const tokens = await subtle.generateKey(TOKEN_KEY, true, ['sign', 'verify']);
  await writeFile(join(folder, 'sa.key'), pem('PRIVATE KEY', await subtle.exportKey('pkcs8', tokens.privateKey)), {
    mode: 0o600,
  });
  await writeFile(join(folder, 'sa.pub'), pem('PUBLIC KEY', await subtle.exportKey('spki', tokens.publicKey)));
}

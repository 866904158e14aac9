import { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// The library builds on decorators' metadata.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
// The API server takes no other kind of key for service account tokens that its own documents name.
const TOKEN_KEY = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const VALID_MS = 365 * 86_400_000;

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

/** A user of the cluster by certificate. */
export type ClusterUser = keyof typeof CLIENTS;

function pem(kind: string, der: ArrayBuffer): string {
  return x509.PemConverter.encode(der, kind);
}

/**
 * Makes one authority and, signed by it, a certificate for each part of a cluster, as `NAME.crt` and `NAME.key` in the
 * folder; `sa.key` and `sa.pub` sign service account tokens. `addresses` are IPs that the servers are reached at.
 */
export async function writePki(folder: string, addresses: readonly string[]): Promise<void> {
  x509.cryptoProvider.set(webcrypto);
  await mkdir(folder, { recursive: true });
  const { subtle } = webcrypto;
  // Yesterday, for whose clock is behind.
  const notBefore = new Date(Date.now() - 86_400_000);
  const notAfter = new Date(notBefore.getTime() + VALID_MS);

  async function write(name: string, certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<void> {
    await writeFile(join(folder, `${name}.crt`), certificate.toString('pem'));
    await writeFile(join(folder, `${name}.key`), pem('PRIVATE KEY', await subtle.exportKey('pkcs8', key)), {
      mode: 0o600,
    });
  }
  const authorityKeys = await subtle.generateKey(KEY, true, ['sign', 'verify']);
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test-authority',
    notBefore,
    notAfter,
    keys: authorityKeys,
    signingAlgorithm: KEY,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  await write('ca', authority, authorityKeys.privateKey);

  async function issue(name: string, subject: string, extensions: x509.Extension[]): Promise<void> {
    const keys = await subtle.generateKey(KEY, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: authority.subject,
      notBefore,
      notAfter,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: KEY,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature),
        ...extensions,
      ],
    });
    await write(name, certificate, keys.privateKey);
  }
  const dns = [
    'localhost',
    'node1',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  const alternatives = new x509.SubjectAlternativeNameExtension([
    ...['127.0.0.1', '10.96.0.1', ...addresses].map((value) => ({ type: 'ip' as const, value })),
    ...dns.map((value) => ({ type: 'dns' as const, value })),
  ]);
  const client = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
  const server = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]);
  for (const [name, subject] of Object.entries(CLIENTS)) await issue(name, subject, [client]);
  for (const [name, subject] of Object.entries(SERVERS)) await issue(name, subject, [server, alternatives]);

  const tokens = await subtle.generateKey(TOKEN_KEY, true, ['sign', 'verify']);
  await writeFile(join(folder, 'sa.key'), pem('PRIVATE KEY', await subtle.exportKey('pkcs8', tokens.privateKey)), {
    mode: 0o600,
  });
  await writeFile(join(folder, 'sa.pub'), pem('PUBLIC KEY', await subtle.exportKey('spki', tokens.publicKey)));
}

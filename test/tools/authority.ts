import { webcrypto } from 'node:crypto';

// The library builds on decorators' metadata.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** A certificate and its private key, PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is for, beside whom it names. */
export interface Wanted {
  /** As "CN=name". */
  readonly subject: string;
  /** Host names and addresses of a server; absent: the certificate of a client. */
  readonly server?: { readonly names: readonly string[]; readonly addresses?: readonly string[] };
}

export function pem(kind: string, der: ArrayBuffer): string {
  return x509.PemConverter.encode(der, kind);
}

async function identity(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<Identity> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return { certificate: certificate.toString('pem'), key: pem('PRIVATE KEY', pkcs8) };
}

/** An authority that is nobody else's; its certificates are valid for a year. */
export class Authority {
  readonly identity: Identity;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(own: Identity, certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.identity = own;
    this.#certificate = certificate;
    this.#key = key;
  }

  static async create(name = 'test-authority'): Promise<Authority> {
    x509.cryptoProvider.set(webcrypto);
    const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
    // Yesterday, for whose clock is behind.
    const notBefore = new Date(Date.now() - DAY_MS);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      notBefore,
      notAfter: new Date(notBefore.getTime() + 365 * DAY_MS),
      keys,
      signingAlgorithm: KEY,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(await identity(certificate, keys.privateKey), certificate, keys.privateKey);
  }

  async issue({ subject, server }: Wanted): Promise<Identity> {
    const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const names = (server?.names ?? []).map((value) => ({ type: 'dns' as const, value }));
    const addresses = (server?.addresses ?? []).map((value) => ({ type: 'ip' as const, value }));
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: this.#certificate.subject,
      notBefore: this.#certificate.notBefore,
      notAfter: this.#certificate.notAfter,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: KEY,
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature),
        new x509.ExtendedKeyUsageExtension([server === undefined ? clientAuth : serverAuth]),
        ...(server === undefined ? [] : [new x509.SubjectAlternativeNameExtension([...addresses, ...names])]),
      ],
    });
    return await identity(certificate, keys.privateKey);
  }
}

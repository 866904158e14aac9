import { getCACertificates } from 'node:tls';

/** The public authorities, and others of one's own, PEM: what `ca` of a TLS connection takes, which replaces its default. */
export function publicAuthoritiesAnd(own: string): string {
  return [...getCACertificates(), own].join('\n');
}

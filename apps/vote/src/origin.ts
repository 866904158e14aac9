import express from 'express';

import type { RequestFacts } from './casting/caller.ts';

type TrustsProxy = (address: string, hop: number) => boolean;

/** What the requests tell of where they come from. */
export interface Origins {
  /** Whether a page of another site sent the request: a vote is taken from the poll's own page only. */
  isCrossSite(request: RequestFacts): boolean;
  /** Whether the voter's browser speaks TLS, here or to a proxy that is trusted to say so. */
  isSecure(request: RequestFacts): boolean;
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}

/** As Express reads its setting `trust proxy`: addresses and networks, or how many proxies there are. */
function trustedProxies(setting: string): TrustsProxy {
  const value = /^\d+$/.test(setting) ? Number(setting) : setting;
  return express()
    .set('trust proxy', setting === '' ? false : value)
    .get('trust proxy fn') as TrustsProxy;
}

/** Throws a TypeError when `proxies` (TRUSTED_PROXIES) has something that is no address. */
export function createOrigins(publicVoteUrl: string | undefined, proxies: string): Origins {
  const trusts = trustedProxies(proxies);
  const publicUrl = publicVoteUrl === undefined ? null : new URL(publicVoteUrl);

  function isOwn(origin: string, host: string | undefined): boolean {
    const originHost = hostOf(origin);
    if (originHost === null) return false;
    if (originHost === publicUrl?.host) return true;
    // Under the origin's scheme, so that a Host header with the default port is equal to one without.
    return host !== undefined && originHost === hostOf(`${origin.slice(0, origin.indexOf(':'))}://${host}`);
  }

  return {
    isCrossSite({ headers }) {
      const site = headers['sec-fetch-site'];
      if (site === 'cross-site' || site === 'same-site') return true;
      return headers.origin !== undefined && !isOwn(headers.origin, headers.host);
    },
    isSecure({ headers, socket }) {
      if (publicUrl?.protocol === 'https:') return true;
      if (socket.remoteAddress === undefined || !trusts(socket.remoteAddress, 0)) return false;
      const [proto] = String(headers['x-forwarded-proto'] ?? '').split(',', 1);
      return proto?.trim() === 'https';
    },
  };
}

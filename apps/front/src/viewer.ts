import type { KeyObject } from 'node:crypto';

import { RequestError } from '@voteapp/contracts/errors';
import { isReceipt } from '@voteapp/contracts/signed';
import type { Request } from 'express';

import type { Proof } from './visibility.ts';

/** Who asks, and for what. */
export interface Viewer {
  /** undefined: the current round, whichever that is. */
  readonly round: string | undefined;
  /** As given; not checked. */
  readonly receipt: string | undefined;
  readonly proof: Proof;
}

/** The value of a query parameter. Throws `invalid_field` when it is given twice or with a structure. */
export function queryParameter(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new RequestError('invalid_field', { message: `${name} must be given once`, field: name });
}

/** Reads `?round=` and the receipt, which comes as Bearer token or as `?receipt=`. */
export function viewerOf(request: Request, sessionKey: KeyObject): Viewer {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1];
  const receipt = bearer ?? queryParameter(request, 'receipt');
  let proved: { readonly round: string; readonly voted: boolean } | undefined;
  return {
    round: queryParameter(request, 'round'),
    receipt,
    // A stream asks again with every change, and an HMAC for each of thousands of viewers is too much then.
    proof(round) {
      if (receipt === undefined) return false;
      if (proved?.round !== round) proved = { round, voted: isReceipt(sessionKey, round, receipt) };
      return proved.voted;
    },
  };
}

import { RoundRefused, StoreOwnedByOther, StoreUnavailable, type VoteStore } from '../port.ts';

/** What the proxy sends to the thread: the call of one method of the port. */
export interface Call {
  readonly id: number;
  readonly method: keyof VoteStore;
  readonly args: readonly unknown[];
}

const ERRORS = { StoreUnavailable, StoreOwnedByOther, RoundRefused };

/** An error on its way between threads, where its class would be lost. */
export interface SentError {
  readonly kind: keyof typeof ERRORS | null;
  readonly error: Error;
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: SentError };

/** The id under which the thread reports that the file is open, or why it is not. */
export const OPENED = 0;

export function sentError(thrown: unknown): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const kinds = Object.keys(ERRORS) as (keyof typeof ERRORS)[];
  return { kind: kinds.find((kind) => error instanceof ERRORS[kind]) ?? null, error };
}

export function receivedError({ kind, error }: SentError): Error {
  return kind === null ? error : new ERRORS[kind](error.message, { cause: error });
}

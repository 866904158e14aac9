import type { ServiceName } from '@voteapp/contracts/cluster-objects';
import type { PollState } from '@voteapp/contracts/definition';

/** What an edit of a poll on air changes; null takes a time away. */
export interface PollEdit {
  /** RFC 3339. */
  readonly opensAt?: string | null | undefined;
  readonly closesAt?: string | null | undefined;
  readonly suspend?: boolean | undefined;
}

/** A poll as it was asked for last, and as it is. */
export interface PollNow {
  readonly round: string;
  /** In ms since the epoch; null: open at once. */
  readonly opensAt: number | null;
  /** In ms since the epoch; null: open until it is closed. */
  readonly closesAt: number | null;
  readonly suspend: boolean;
  /** IANA zone that its times are meant in. */
  readonly timeZone: string;
  /** Of what was asked for last. */
  readonly revision: number;
  /** What votes are judged by; null: not known. */
  readonly judged: { readonly revision: number; readonly state: PollState } | null;
  /** A sentence: why an edit does not reach the services for the time being. */
  readonly hindrance: string | null;
}

/** A poll that runs, on a cluster or on this machine: what the verbs for producers ask and tell. */
export interface Poll {
  readonly name: string;
  readonly namespace: string;
  readonly isLocal: boolean;
  /** Where people reach it; absent where nobody was told. */
  readonly urls: { readonly vote?: string | undefined; readonly results?: string | undefined };
  /** Where this machine reaches a service, for the time that the poll is opened for. Throws `Failure` where none is ready. */
  address(service: ServiceName): Promise<string>;
  /** Asks a service over HTTP. Throws `Failure` where none answers. */
  ask(service: ServiceName, path: string, init?: RequestInit): Promise<Response>;
  now(): Promise<PollNow>;
  /**
   * Changes the definition; resolves with its revision when the change is taken, not yet when every replica judges by
   * it. Throws `Failure` where the round forbids it.
   */
  edit(edit: PollEdit): Promise<number>;
}

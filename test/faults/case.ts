import { type DeployedOptions, DeployedSystem, type Servers } from './deployed.ts';
import { type EmbeddedOptions, EmbeddedSystem } from './embedded.ts';
import type { Ledger, LoadOptions } from './ledger.ts';
import type { Policy } from './replay.ts';
import type { Rewrite } from './rewrites.ts';
import type { Changed, System } from './system.ts';

/** What an injection acts on. */
export interface Stage<S extends System = System> {
  readonly system: S;
  readonly ledger: Ledger;
  /** Does it while votes are under way: they are counted as hit. */
  readonly strike: (act: () => unknown) => Promise<void>;
  /** The fault is over: what follows is recovery. */
  readonly heal: () => void;
  readonly pause: (ms: number) => Promise<void>;
  /** Notes that the extra criterion of the case is not met, with this sentence. */
  readonly demand: (isMet: boolean, otherwise: string) => void;
  /** The same of a time, which a slow machine may exceed too. */
  readonly demandWithin: (what: string, ms: number, limitMs: number) => void;
  /** Voters whom the case brings into the queue by itself; tags. */
  readonly guests: Set<string>;
  /** Entries that it brings there to be set aside with their messages. */
  setAside: number;
  /** What is to be done at the end, whatever comes. */
  readonly finally: (act: () => Promise<unknown>) => void;
}

export interface Declared<S extends System> {
  /** As in the matrix: F1 … */
  readonly id: string;
  /** What happens, as a sentence. */
  readonly fault: string;
  /** What is demanded beside the invariants, as a sentence. */
  readonly demands?: string;
  readonly policy?: Policy;
  readonly load?: Partial<LoadOptions>;
  /** I7: from the end of the fault until the lag is low again, ms; default 10 s. */
  readonly recoveryMs?: number;
  /** Share of the votes sent that must be accepted for the case to count; default 0.95. */
  readonly floor?: number;
  /** Run when it is named, or with `--slow`. */
  readonly slow?: boolean;
  inject(stage: Stage<S>): Promise<void>;
}

export interface Start {
  readonly servers: () => Promise<Servers>;
  /** What a mutant changes, beside what the case does. */
  readonly rewrites: readonly Rewrite[];
}

export interface FaultCase<S extends System = System> extends Declared<S> {
  readonly on: 'RabbitMQ + MySQL' | 'SQS + MySQL' | 'SQLite + journal';
  /** What the case changes in the processes. */
  readonly changes: readonly Rewrite[];
  start(start: Start): Promise<S>;
}

function changesOf({ rewrites = [], crashPoints = [] }: Changed): readonly Rewrite[] {
  return [...rewrites, ...crashPoints];
}

/** A case on the three services as processes. */
export function deployed(
  declared: Declared<DeployedSystem> & { readonly system?: DeployedOptions },
): FaultCase<DeployedSystem> {
  const { system = {}, policy } = declared;
  return {
    ...declared,
    on: `${system.queue ?? 'RabbitMQ'} + MySQL`,
    changes: changesOf(system),
    async start({ servers, rewrites }) {
      return await DeployedSystem.start(await servers(), {
        ...system,
        poll: { ...system.poll, ...(policy !== undefined && { policy }) },
        rewrites: [...(system.rewrites ?? []), ...rewrites],
      });
    },
  };
}

/** The same case on RabbitMQ and on SQS. */
export function onBothQueues(declared: Parameters<typeof deployed>[0]): readonly FaultCase<DeployedSystem>[] {
  return (['RabbitMQ', 'SQS'] as const).map((queue) =>
    deployed({ ...declared, system: { ...declared.system, queue } }),
  );
}

/** A case on `voteapp up`. */
export function embedded(
  declared: Declared<EmbeddedSystem> & { readonly system?: EmbeddedOptions },
): FaultCase<EmbeddedSystem> {
  const { system = {}, policy, load } = declared;
  return {
    ...declared,
    // There is one process: its voters have nobody else to turn to while it starts.
    load: { retryForMs: 60_000, ...load },
    on: 'SQLite + journal',
    changes: changesOf(system),
    async start({ rewrites }) {
      return await EmbeddedSystem.start({
        ...system,
        poll: { ...system.poll, ...(policy !== undefined && { policy }) },
        rewrites: [...(system.rewrites ?? []), ...rewrites],
      });
    },
  };
}

/** This machine cannot have what the case needs; the message says what. */
export class CannotRun extends Error {}

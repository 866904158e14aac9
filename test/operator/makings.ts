import { setTimeout as wait } from 'node:timers/promises';

import { FIELD_MANAGERS, LABELS } from '@voteapp/contracts/cluster-objects';

import type { Kind, KubeClient } from '../cluster/client.ts';
import { follow, type Seen } from '../cluster/follow.ts';
import { nameOf } from './in-process.ts';

/** What an operator makes of every VotingApp. */
const KINDS: readonly Kind[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
];

/** A record of what an operator makes, by the API server's own account. */
export interface Makings {
  /** Ends the record `ms` later and resolves with what was made since it began, as "Service shop-vote-service". */
  after(ms: number): Promise<string[]>;
}

/** Begins a record of what operators make in a namespace; resolves when it misses nothing. */
export async function recordMakings(client: KubeClient, namespace: string): Promise<Makings> {
  const ended = new AbortController();
  const selection = { namespace, labelSelector: `${LABELS.managedBy}=${FIELD_MANAGERS.objects}` };
  const made: string[] = [];
  const works: Promise<void>[] = [];

  async function record(kind: Kind): Promise<void> {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const known = new Set<string | undefined>();
    let isFirst = true;
    const look = (seen: Seen): void => {
      for (const object of seen.values()) {
        if (!isFirst && !known.has(object.metadata.uid)) made.push(nameOf({ ...object, ...kind }));
        known.add(object.metadata.uid);
      }
      isFirst = false;
      resolve();
    };
    const work = follow(client, kind, selection, look, ended.signal);
    works.push(work);
    await Promise.race([begun, work]);
  }
  await Promise.all(KINDS.map(record));
  return {
    async after(ms) {
      await wait(ms);
      ended.abort();
      await Promise.all(works);
      return made;
    },
  };
}

import { wholeUnits } from '@voteapp/contracts/resource/quantity';
import type { Part } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { coresOf, counted, shownBytes, shownCount, shownTime } from './amounts.ts';
import { type Needs, needsOf, OUTAGE_S, VOTES_PER_POD } from './capacity.ts';
import type { Check, Found } from './found.ts';
import { foundIf } from './found.ts';
import { type PartAtPeak, partsAtPeak } from './parts.ts';

/** CPU to request, in steps of a tenth of a core. */
function shownCores(cores: number): string {
  return String(Math.ceil(Number((cores * 10).toFixed(3))) / 10);
}

function summary(peak: number, needs: Needs, { spec }: VotingApp): string {
  const { cores } = needs;
  const window = shownTime(needs.windowS);
  return [
    `${shownCount(peak)} votes/s need ${counted(needs.votePods, 'vote pod')} of 1 core each (${shownCount(VOTES_PER_POD)} votes/s a pod, one to spare)`,
    `${counted(needs.shards, 'shard')}, ${counted(needs.workers, 'worker')} (${shownCores(cores.worker)} cores, one to stand in)`,
    `${shownCores(cores.mysql)} cores for the database and ${shownCores(cores.rabbitmq)} for the broker`,
    `${shownBytes(needs.brokerVolume)} of volume at each broker for ${shownTime(OUTAGE_S)} without database, counted ${shownTime(needs.catchUpS)} later`,
    `and at most ${shownBytes(needs.databaseVolume)} of volume for the ${shownCount(needs.votes)} votes of ${spec.poll.closesAt === undefined ? 'an hour' : window}`,
  ].join('; ');
}

function votePods({ replicas: { min, max } }: PartAtPeak, { votePods: needed }: Needs): Found[] {
  const later = max !== undefined && max >= needed ? `, and ${max} only once it is under load` : '';
  const message = `The vote service has ${counted(min, 'pod')} when the peak comes${later}; it needs ${needed}.`;
  return foundIf(min < needed, 'VAP0501', 'spec.vote', message);
}

function volume(part: PartAtPeak, code: 'VAP0504' | 'VAP0505', bytes: number, why: string): Found[] {
  const { storage, section } = part;
  if (storage === undefined || wholeUnits(storage) >= bytes) return [];
  const message = `The volume of ${part.part} has ${storage}; ${why} need ${shownBytes(bytes)}.`;
  return foundIf(true, code, `${section}.storage.size`, message);
}

/** Pods among which the work of a part is shared once there are as many as it needs; of a server each node does it all. */
function sharing(part: Part, needs: Needs): number {
  if (part === 'vote') return needs.votePods - 1;
  return part === 'worker' ? Math.min(needs.workers - 1, needs.shards) : 1;
}

function cpu(part: PartAtPeak, needs: Needs): Found[] {
  if (part.part === 'front') return [];
  const perPod = needs.cores[part.part] / sharing(part.part, needs);
  const requested = part.cpuRequest ?? '0';
  return foundIf(
    coresOf(requested) < perPod,
    'VAP0506',
    `${part.section}.resources.requests.cpu`,
    `Each pod of ${part.part} requests ${requested} CPU; at this rate it needs ${shownCores(perPod)}.`,
  );
}

/** What a rate of votes needs, and where the resource asks for less. */
export const PEAK_CHECK: Check = (app, { peak }) => {
  if (peak === undefined) return [];
  const needs = needsOf(peak, app.spec.poll);
  const { shards } = app.spec.poll;
  const found = partsAtPeak(app).flatMap((part): Found[] => {
    const workers = part.replicas.min;
    switch (part.part) {
      case 'vote':
        return [...votePods(part, needs), ...cpu(part, needs)];
      case 'worker':
        return [
          ...foundIf(
            workers < needs.workers,
            'VAP0503',
            'spec.worker',
            `There ${workers === 1 ? 'is 1 worker' : `are ${workers} workers`}; the peak needs ${needs.workers}.`,
          ),
          ...cpu(part, needs),
        ];
      case 'rabbitmq': {
        const why = `${shownTime(OUTAGE_S)} of votes while the database is away`;
        return [...volume(part, 'VAP0504', needs.brokerVolume, why), ...cpu(part, needs)];
      }
      case 'mysql':
        return [
          ...volume(part, 'VAP0505', needs.databaseVolume, `${shownCount(needs.votes)} votes`),
          ...cpu(part, needs),
        ];
      case 'front':
        return [];
    }
  });
  return [
    ...foundIf(true, 'VAP0500', 'spec', `${summary(peak, needs, app)}.`),
    ...foundIf(
      shards < needs.shards,
      'VAP0502',
      'spec.poll.shards',
      `There ${shards === 1 ? 'is 1 shard' : `are ${shards} shards`}; the peak needs ${needs.shards}.`,
    ),
    ...found,
  ];
};

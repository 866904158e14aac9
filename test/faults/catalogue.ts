import type { FaultCase } from './case.ts';
import { BROKER_CASES } from './cases/broker.ts';
import { DATABASE_CASES } from './cases/database.ts';
import { DISK_CASES } from './cases/disk.ts';
import { NETWORK_CASES } from './cases/network.ts';
import { REPLICA_CASES } from './cases/replicas.ts';
import { SQS_CASES } from './cases/sqs.ts';
import { VOTE_CASES } from './cases/votes.ts';
import { WORKER_CASES } from './cases/worker.ts';

function numberOf({ id }: FaultCase): number {
  return Number(id.slice(1));
}

/** Every case, in the order of the matrix; those of one id on several systems stand together. */
export const CASES: readonly FaultCase[] = [
  ...WORKER_CASES,
  ...DATABASE_CASES,
  ...BROKER_CASES,
  ...SQS_CASES,
  ...REPLICA_CASES,
  ...VOTE_CASES,
  ...NETWORK_CASES,
  ...DISK_CASES,
].sort((a, b) => numberOf(a) - numberOf(b));

/** The case of that id. Throws when there is none. */
export function caseOf(id: string, on: FaultCase['on'] = 'RabbitMQ + MySQL'): FaultCase {
  const found = CASES.find((each) => each.id === id && each.on === on);
  if (found === undefined) throw new Error(`There is no case ${id} on ${on}.`);
  return found;
}

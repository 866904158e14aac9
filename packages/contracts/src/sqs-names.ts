import { createHash } from 'node:crypto';

import type { AppIdentity } from './names.ts';

/** Characters that a name and its namespace may take in the name of an SQS queue, which ends at 80 characters. */
const SQS_APP_CHARACTERS = 58;

/** Dashes, for SQS knows no dots; what is too long is cut and told apart by a hash. */
function sqsName({ namespace, name }: AppIdentity, ending: string): string {
  const app = `${namespace}-${name}`;
  const hash = createHash('sha256').update(`${namespace}/${name}`).digest('hex').slice(0, 8);
  const fitting = app.length <= SQS_APP_CHARACTERS ? app : `${app.slice(0, SQS_APP_CHARACTERS - 9)}-${hash}`;
  return `voteapp-${fitting}-votes-v1-${ending}`;
}

/** Name of the SQS queue of one shard; what it demands of the queue never changes under this name. */
export function sqsQueueName(app: AppIdentity, shard: number): string {
  return sqsName(app, String(shard));
}

/** Name of the SQS queue that takes what was received too often from the queues of all shards. */
export function sqsDeadLetterQueueName(app: AppIdentity): string {
  return sqsName(app, 'dead');
}

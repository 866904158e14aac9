import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import * as z from 'zod';

import type { RabbitmqClusterBinding } from '../desired/facts.ts';
import type { Objects } from '../runtime/objects.ts';
import { RABBITMQ_CLUSTER } from './kinds.ts';
import type { Problem } from './outcome.ts';

// What the RabbitMQ cluster operator reports:
// https://github.com/rabbitmq/cluster-operator/blob/main/docs/api/rabbitmq.com.ref.asciidoc
const status = z.object({
  defaultUser: z.object({
    secretReference: z.object({ name: z.string() }),
    serviceReference: z.object({ name: z.string(), namespace: z.string() }),
  }),
});

/** Where the RabbitmqCluster of a VotingApp is; null where it names none. Throws what the server throws. */
export async function findRabbitmqCluster(
  objects: Pick<Objects, 'get'>,
  { metadata, spec }: VotingApp,
): Promise<RabbitmqClusterBinding | Problem | null> {
  const named = spec.queue?.type === 'RabbitmqCluster' ? spec.queue.rabbitmqCluster : undefined;
  if (named === undefined) return null;
  const { namespace = '' } = metadata;
  const cluster = await objects.get(RABBITMQ_CLUSTER, { namespace, name: named.name });
  const found = status.safeParse(cluster?.['status']);
  if (!found.success) {
    const why = cluster === null ? 'is not there: create it' : 'has not told its default user and Service yet';
    return { reason: 'QueueNotFound', message: `RabbitmqCluster ${named.name} ${why}.` };
  }
  const { secretReference, serviceReference } = found.data.defaultUser;
  return { host: `${serviceReference.name}.${serviceReference.namespace}`, secret: secretReference.name };
}

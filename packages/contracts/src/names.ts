/** The resource a set of services belongs to. */
export interface AppIdentity {
  readonly namespace: string;
  readonly name: string;
}

/** RFC 1035 label of at most 40 characters: the longest name derived from it still fits the 63 of a DNS label. */
export const NAME_PATTERN = /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/;

/** What one schema of the database is tied to: `<namespace>/<name>`. */
export function storeOwner(app: AppIdentity): string {
  return `${app.namespace}/${app.name}`;
}

/** Name of the queue of one shard; its arguments never change under this name, hence the `v1`. */
export function queueName(app: AppIdentity, shard: number): string {
  return `voteapp.${app.namespace}.${app.name}.votes.v1.${shard}`;
}

/** The shard whose queue has that name; null for any other name. */
export function shardOfQueue(app: AppIdentity, name: string): number | null {
  const shard = Number(name.slice(name.lastIndexOf('.') + 1));
  return name === queueName(app, shard) ? shard : null;
}

/** Name of the queue that takes what was delivered too often from the queues of all shards. */
export function deadLetterQueueName(app: AppIdentity): string {
  return `voteapp.${app.namespace}.${app.name}.votes.v1.dead`;
}

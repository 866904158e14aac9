import type { VotingApp } from '@voteapp/contracts/resource/voting-app';
import type { PollFile } from '@voteapp/contracts/poll-file';

import { type Context, declare } from './context.ts';

/** Name of the file with the poll's definition, in the ConfigMap and in the pods. */
export const POLL_FILE = 'poll.json';

/** What the definition's revision is: it grows with every edit of the resource. */
export function revisionOf({ metadata }: Pick<VotingApp, 'metadata'>): number {
  return metadata.generation ?? 1;
}

/** The poll's definition. It is in no pod's template: an edit reaches the pods as a file, and restarts none. */
export function declarePollConfigMap(context: Context): void {
  const { app, names } = context;
  const file: PollFile = { name: app.metadata.name, revision: revisionOf(app), poll: app.spec.poll };
  declare(context, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: names.poll,
    data: { [POLL_FILE]: JSON.stringify(file) },
  });
}

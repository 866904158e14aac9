import type { ServiceName } from '@voteapp/contracts/cluster-objects';
import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';

import type { Cluster } from '../cluster/cluster.ts';
import { forward, type Forwarded } from '../cluster/forward.ts';
import { findVotingApp, type StoredApp } from '../cluster/voting-apps.ts';
import type { ClusterOptions } from '../command.ts';
import { EXIT, Failure } from '../exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Poll, PollNow } from './poll.ts';

/** Name of the field manager of whatever people change with this tool. */
export const CLI_MANAGER = 'voteapp-cli';

function timeOf(text: string | undefined): number | null {
  return text === undefined ? null : Date.parse(text);
}

/** The operator is asked to leave things as they are, or no services run. */
function hindranceOf({ metadata: { name }, status }: Pick<StoredApp, 'metadata' | 'status'>): string | null {
  const holds = (type: string): boolean =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
  if (holds('Paused')) return `The operator leaves ${name} as it is: \`voteapp reconcile resume ${name}\` ends that.`;
  if (holds('Hibernated')) return `${name} sleeps: \`voteapp hibernate off ${name}\` wakes it.`;
  return null;
}

function pollNow({ metadata, spec: { poll }, status }: StoredApp): PollNow {
  const { state, observedRevision: revision } = status?.poll ?? {};
  return {
    round: poll.id ?? metadata.name,
    opensAt: timeOf(poll.opensAt),
    closesAt: timeOf(poll.closesAt),
    // Where the definition of another release is installed, its defaults may be.
    suspend: poll.suspend ?? false,
    timeZone: poll.timeZone ?? 'UTC',
    revision: metadata.generation ?? 0,
    judged: state === undefined || revision === undefined ? null : { revision, state },
    hindrance: hindranceOf({ metadata, status }),
  };
}

/** Opens a poll of a cluster, for the time of the work. */
export async function asPoll<T>(
  cluster: Cluster,
  { metadata, status }: StoredApp,
  { requestTimeout }: Pick<ClusterOptions, 'requestTimeout'>,
  { signal }: Pick<Terminal, 'signal'>,
  work: (poll: Poll) => Promise<T>,
): Promise<T> {
  const { name, namespace = cluster.namespace } = metadata;
  const doors = new Map<ServiceName, Promise<Forwarded>>();
  const address = async (service: ServiceName): Promise<string> => {
    const door = doors.get(service) ?? forward(cluster, { namespace, name }, service);
    doors.set(service, door);
    try {
      return (await door).url;
    } catch (error) {
      // A pod may be ready the next time.
      doors.delete(service);
      throw error;
    }
  };
  try {
    return await work({
      name,
      namespace,
      isLocal: false,
      urls: status?.urls ?? {},
      address,
      async ask(service, path, init = {}) {
        const url = await address(service);
        try {
          const limit = AbortSignal.any([signal, AbortSignal.timeout(requestTimeout)]);
          return await fetch(url + path, { signal: limit, ...init });
        } catch (error) {
          signal.throwIfAborted();
          const message = `The ${service} service of ${name} does not answer: see \`voteapp status ${name}\`.`;
          throw new Failure(EXIT.failed, message, error);
        }
      },
      async now() {
        return pollNow(await findVotingApp(cluster, name));
      },
      async edit(poll) {
        const patch = { spec: { poll } };
        const named = { namespace, name };
        const edited = await cluster.objects.merge(VOTING_APP, named, patch, { manager: CLI_MANAGER });
        return edited.metadata.generation ?? 0;
      },
    });
  } finally {
    await Promise.allSettled([...doors.values()].map(async (door) => (await door).close()));
  }
}

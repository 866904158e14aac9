import type { ClusterOptions } from '../command.ts';
import type { Live } from './candidates.ts';
import type { Walked } from './walk.ts';

/** Nobody waits longer for a key. */
const PATIENCE_MS = 2_000;

function text(value: string | true | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function optionsIn({ values }: Walked): ClusterOptions {
  const named = (name: 'context' | 'kubeconfig' | 'namespace' | 'as'): object => {
    const value = text(values[name]);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...named('context'),
    ...named('kubeconfig'),
    ...named('namespace'),
    ...named('as'),
    requestTimeout: PATIENCE_MS,
  };
}

async function localNames({ values }: Walked): Promise<string[]> {
  const { runningPolls } = await import('../poll/local-poll.ts');
  return (await runningPolls(text(values['data']) ?? '.voteapp')).map(({ name }) => name);
}

async function appsOf(walked: Walked) {
  const { withCluster } = await import('../cluster/cluster.ts');
  const { listVotingApps } = await import('../cluster/voting-apps.ts');
  return await withCluster(optionsIn(walked), (cluster) => listVotingApps(cluster));
}

/** What fails here is silent: whoever presses a key wants no sentence in the middle of his line. */
async function orNothing<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await ask();
  } catch {
    return [];
  }
}

/** What the cluster that the words choose tells, and this machine. */
export const LIVE: Live = {
  async names(walked) {
    const onCluster =
      walked.values['local'] === true
        ? []
        : await orNothing(async () => (await appsOf(walked)).map(({ metadata }) => metadata.name));
    return onCluster.length > 0 ? onCluster : await orNothing(() => localNames(walked));
  },
  namespaces: (walked) =>
    orNothing(async () => {
      const { withCluster } = await import('../cluster/cluster.ts');
      const kind = { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
      return await withCluster(optionsIn(walked), async ({ objects }) => {
        const { items } = await objects.list(kind, { metadataOnly: true });
        return items.map(({ metadata }) => metadata.name);
      });
    }),
  contexts: (walked) =>
    orNothing(async () => {
      const { contextNames } = await import('../cluster/cluster.ts');
      return contextNames(optionsIn(walked));
    }),
  options: (walked, name) =>
    orNothing(async () => {
      const found = walked.values['local'] === true ? undefined : await fromCluster(walked, name);
      return found ?? (await fromHere(walked, name));
    }),
};

async function fromCluster(walked: Walked, name: string | undefined): Promise<readonly string[] | undefined> {
  const apps = await orNothing(() => appsOf(walked));
  return apps.find(({ metadata }) => metadata.name === name)?.spec.poll.options.map(({ id }) => id);
}

async function fromHere({ values }: Walked, name: string | undefined): Promise<readonly string[]> {
  const { localPoll } = await import('../poll/local-poll.ts');
  const { publicPoll } = await import('@voteapp/contracts/http/poll');
  const poll = await localPoll(text(values['data']) ?? '.voteapp', name);
  const answer = await poll.ask('vote', '/api/poll');
  return publicPoll.parse(await answer.json()).options.map(({ id }) => id);
}

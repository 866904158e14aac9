import { setTimeout as pause } from 'node:timers/promises';

import { VOTING_APP } from '@voteapp/operator/reconcile/kinds';
import { ApiError } from '@voteapp/operator/runtime/api-server';
import { EVENT } from '@voteapp/operator/runtime/events';
import type { ListOptions } from '@voteapp/operator/runtime/objects';

import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { follow } from '../cluster/follow.ts';
import { askingForVotingApps, listVotingApps, type StoredApp } from '../cluster/voting-apps.ts';
import type { PollOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure, UsageError } from '../exit-codes.ts';
import type { Poll } from '../poll/poll.ts';
import { whereFound } from '../poll/with-poll.ts';
import { formatted } from '../terminal/format.ts';
import { type Live, live } from '../terminal/live.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { untilInterrupted } from '../terminal/until-interrupted.ts';
import type { Goal } from './goals.ts';
import { statusPage, statusTable } from './page.ts';
import { lastEvents, type SeenEvent, seenApp } from './seen.ts';
import { seenLocal } from './seen-local.ts';
import { type StatusListOutput, statusListOutput, type StatusOutput } from './status-output.ts';

export interface StatusOptions extends PollOptions {
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
  readonly for?: Goal;
  /** In ms. */
  readonly timeout?: number;
  readonly output: 'text' | 'wide' | 'json' | 'yaml';
}

const LOOK_MS = 1_000;

function formatOf({ output }: StatusOptions): 'text' | 'json' | 'yaml' {
  return output === 'wide' ? 'text' : output;
}

function pageOf(status: StatusOutput, { output }: StatusOptions, terminal: Terminal): string[] {
  return statusPage(status, terminal, { isWide: output === 'wide', now: terminal.now() });
}

function print(status: StatusOutput, options: StatusOptions, terminal: Terminal): void {
  const format = formatOf(options);
  const text = format === 'text' ? pageOf(status, options, terminal).join('\n') : formatted(status, format);
  terminal.print(text);
}

function liveStatus(options: StatusOptions, terminal: Terminal): Live<StatusOutput> {
  const news = ({ ready, conditions, state }: StatusOutput): string => {
    const why = conditions.find(({ type }) => type === 'Ready')?.message ?? 'nobody has taken it up yet';
    return ready === true ? `Ready; ${state ?? 'state not known'}.` : `Not ready: ${why}`;
  };
  return live({ format: formatOf(options), lines: (status) => pageOf(status, options, terminal), news }, terminal);
}

/** What of a poll is waited for; null: nothing, it is watched until somebody ends that. */
function goalOf({ for: goal, timeout }: StatusOptions): Goal | null {
  return goal ?? (timeout === undefined ? null : 'Ready');
}

function eventsOf({ metadata }: StoredApp, cluster: Cluster): ListOptions {
  const { name, namespace = cluster.namespace } = metadata;
  return { namespace, fieldSelector: `regarding.kind=${VOTING_APP.kind},regarding.name=${name}` };
}

/** The events of an app; null where the user may not see them. */
async function readEvents(cluster: Cluster, app: StoredApp): Promise<readonly SeenEvent[] | null> {
  try {
    const { items } = await cluster.objects.list(EVENT, eventsOf(app, cluster));
    return lastEvents(items);
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return null;
    throw error;
  }
}

function reaches({ metadata, status }: StoredApp, goal: Goal | null): boolean {
  const { generation = 0 } = metadata;
  return (status?.conditions ?? []).some(
    ({ type, status: holds, observedGeneration = 0 }) =>
      type === goal && holds === 'True' && observedGeneration >= generation,
  );
}

/** Shows an app and its events whenever either changes, until it is as wished. */
async function watchApp(
  cluster: Cluster,
  app: StoredApp,
  goal: Goal | null,
  shown: Live<StatusOutput>,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace = cluster.namespace } = app.metadata;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  let latest = app;
  let events = await readEvents(cluster, app);
  const ofEvents = async (): Promise<void> => {
    if (events === null) return;
    await follow(cluster.objects, EVENT, { ...eventsOf(app, cluster), signal: either }, (items) => {
      events = lastEvents(items);
      shown.show(seenApp(latest, events));
      return false;
    });
  };
  const ofApp = async (): Promise<void> => {
    const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal: either };
    await follow(cluster.objects, VOTING_APP, selection, ([found]) => {
      if (found?.metadata.uid !== app.metadata.uid) {
        throw new Failure(EXIT.notFound, `VotingApp ${name} was deleted meanwhile.`);
      }
      latest = found as unknown as StoredApp;
      shown.show(seenApp(latest, events));
      return reaches(latest, goal);
    });
  };
  const following = ofEvents().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  try {
    // Events go on for ever; what goes wrong with them is to be heard.
    await Promise.race([ofApp(), following.then(() => new Promise<never>(() => {}))]);
  } finally {
    ended.abort();
    await following.catch(() => undefined);
  }
}

/** Shows a poll of this machine each second, until it is as wished. */
async function watchLocal(
  poll: Poll,
  goal: Goal | null,
  shown: Live<StatusOutput>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const status = await seenLocal(poll);
    signal.throwIfAborted();
    shown.show(status);
    if (goal === 'Ready' ? status.ready === true : status.state === goal) return;
    await pause(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

type Watch = (goal: Goal | null, shown: Live<StatusOutput>, signal: AbortSignal) => Promise<void>;

/** Throws a timeout `Failure` when what is waited for does not come to be in time. */
async function watched(name: string, options: StatusOptions, terminal: Terminal, watch: Watch): Promise<ExitCode> {
  const goal = goalOf(options);
  const shown = liveStatus(options, terminal);
  try {
    if (goal === null) return await untilInterrupted(terminal, () => watch(null, shown, terminal.signal));
    const limit = new AbortController();
    const late = new Failure(EXIT.timeout, `${name} is not ${goal} in time.`);
    const timer = options.timeout === undefined ? undefined : setTimeout(() => limit.abort(late), options.timeout);
    try {
      await watch(goal, shown, AbortSignal.any([terminal.signal, limit.signal]));
    } finally {
      clearTimeout(timer);
    }
    return EXIT.ok;
  } finally {
    shown.end();
  }
}

function listOf(apps: readonly StoredApp[]): StatusListOutput {
  const key = ({ metadata: { namespace = '', name } }: StoredApp): string => `${namespace}/${name}`;
  const sorted = apps.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
  return statusListOutput.parse({ polls: sorted.map((app) => seenApp(app, null)) });
}

async function ofAll(options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const lines = ({ polls }: StatusListOutput): string[] => statusTable(polls, terminal);
  return await withCluster(
    options,
    async (cluster) => {
      if (options.watch === true) {
        const news = ({ polls }: StatusListOutput): string =>
          polls
            .map(({ name, ready, state }) => `${name}: ${ready === true ? 'ready' : 'not ready'}, ${state}`)
            .join('; ');
        const shown = live({ format: formatOf(options), lines, news }, terminal);
        const { signal } = terminal;
        const watch = async (): Promise<void> =>
          await follow(cluster.objects, VOTING_APP, { signal }, (items) => {
            shown.show(listOf(items as unknown as StoredApp[]));
            return false;
          });
        try {
          return await untilInterrupted(terminal, () => askingForVotingApps(watch));
        } finally {
          shown.end();
        }
      }
      const list = listOf(await listVotingApps(cluster, { allNamespaces: true }));
      const format = formatOf(options);
      if (format !== 'text') terminal.print(formatted(list, format));
      else if (list.polls.length === 0) terminal.tell('There is no VotingApp: create one with `voteapp create`.');
      else terminal.print(lines(list).join('\n'));
      return EXIT.ok;
    },
    terminal.signal,
  );
}

/** Shows how a poll is, or all polls of a cluster; once, or whenever they change. */
export async function status(name: string | undefined, options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const isWatch = options.watch === true || goalOf(options) !== null;
  if (options.allNamespaces === true) {
    if (name !== undefined) throw new UsageError(`-A shows all polls: leave ${name} out, or -A.`);
    if (goalOf(options) !== null) throw new UsageError('--for and --timeout wait for one poll: name it instead of -A.');
    return await ofAll(options, terminal);
  }
  return await whereFound(name, options, terminal, {
    async onCluster(cluster, app) {
      if (isWatch) {
        return await watched(app.metadata.name, options, terminal, (goal, shown, signal) =>
          watchApp(cluster, app, goal, shown, signal),
        );
      }
      print(seenApp(app, await readEvents(cluster, app)), options, terminal);
      return EXIT.ok;
    },
    async onThisMachine(poll) {
      if (isWatch) {
        return await watched(poll.name, options, terminal, (goal, shown, signal) =>
          watchLocal(poll, goal, shown, signal),
        );
      }
      print(await seenLocal(poll), options, terminal);
      return EXIT.ok;
    },
  });
}

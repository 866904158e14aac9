import { setTimeout as pause } from 'node:timers/promises';

import { LABELS, type Part } from '@voteapp/contracts/cluster-objects';
import { POD } from '@voteapp/operator/reconcile/kinds';
import { NoAnswer } from '@voteapp/operator/runtime/api-server';
import type { ListOptions } from '@voteapp/operator/runtime/objects';

import type { Cluster } from '../cluster/cluster.ts';
import { follow } from '../cluster/follow.ts';
import type { StoredApp } from '../cluster/voting-apps.ts';
import type { PollOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import { whereFound } from '../poll/with-poll.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { untilInterrupted } from '../terminal/until-interrupted.ts';
import type { LogLevel } from './levels.ts';
import type { LogLine } from './line.ts';
import { logLineOutput } from './logs-output.ts';
import { levelFilter, merged, Reordered } from './merge.ts';
import { containersOf, type LoggedContainer, podLog } from './pod-logs.ts';
import { lineShower } from './shown-line.ts';

export interface LogsOptions extends PollOptions {
  readonly component?: readonly Part[];
  readonly level?: LogLevel;
  /** In ms. */
  readonly since?: number;
  readonly tail?: number;
  readonly follow?: boolean;
  readonly output: 'text' | 'json';
}

/** Lines of several pods that are written at once come within such a time, in ms. */
const REORDER_MS = 200;
const COME_BACK_MS = 1_000;

function selectionOf(app: StoredApp, cluster: Cluster, { component }: LogsOptions): ListOptions {
  const { name, namespace = cluster.namespace } = app.metadata;
  const parts = component === undefined ? '' : `,${LABELS.component} in (${component.join(',')})`;
  return { namespace, labelSelector: `${LABELS.instance}=${name}${parts}` };
}

function printer(app: StoredApp, { output, level }: LogsOptions, terminal: Terminal): (line: LogLine) => void {
  const isShown = levelFilter(level);
  const shown = lineShower(app.spec.poll.timeZone ?? 'UTC', terminal);
  const asJson = ({ source, stamp, level: its, text }: LogLine): string =>
    JSON.stringify(logLineOutput.parse({ time: stamp, ...source, level: its, line: text }));
  return (line) => {
    if (isShown(line)) terminal.print(output === 'json' ? asJson(line) : shown(line));
  };
}

/** Reads the logs of a poll's pods. */
class PodLogs {
  readonly #cluster: Cluster;
  readonly #options: LogsOptions;
  readonly #signal: AbortSignal;
  /** Time of the last line that was shown, by the container's id. */
  readonly #seen = new Map<string, string>();

  constructor(cluster: Cluster, options: LogsOptions, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#options = options;
    this.#signal = signal;
  }

  /** What of a log is asked for that was there before this command. */
  get #wanted() {
    const { since, tail: tailLines } = this.#options;
    return { sinceSeconds: since === undefined ? undefined : Math.max(1, Math.ceil(since / 1_000)), tailLines };
  }

  /** What a container has written up to now. */
  async *#past(container: LoggedContainer): AsyncGenerator<LogLine, void> {
    const reading = { ...this.#wanted, signal: this.#signal };
    for await (const line of podLog(this.#cluster.server, container, reading)) {
      this.#seen.set(container.id, line.stamp);
      yield line;
    }
  }

  /** What containers have written up to now, in the order of the times. */
  async past(containers: readonly LoggedContainer[], show: (line: LogLine) => void): Promise<void> {
    for await (const line of merged(containers.map((container) => this.#past(container)))) show(line);
  }

  /** What a container writes from now on, until it ends. */
  async future(container: LoggedContainer, isNew: boolean, show: (line: LogLine) => void): Promise<void> {
    for (;;) {
      const last = this.#seen.get(container.id);
      try {
        const from = last === undefined && !isNew ? this.#wanted : { sinceTime: last };
        const reading = { ...from, follow: true, signal: this.#signal };
        for await (const line of podLog(this.#cluster.server, container, reading)) {
          // The server knows whole seconds.
          if (last !== undefined && line.stamp <= last) continue;
          this.#seen.set(container.id, line.stamp);
          show(line);
        }
        return;
      } catch (error) {
        // Who has been silent for long may speak again.
        if (!(error instanceof NoAnswer)) throw error;
      }
      await pause(COME_BACK_MS, undefined, { signal: this.#signal }).catch(() => this.#signal.throwIfAborted());
    }
  }
}

async function followAll(
  cluster: Cluster,
  selection: ListOptions,
  { past, future }: { past: readonly LoggedContainer[]; future: (container: LoggedContainer) => Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  // What has ended has been read to its end.
  const known = new Set(past.filter(({ isRunning }) => !isRunning).map(({ id }) => id));
  const reading = new Set<Promise<void>>();
  try {
    await follow(cluster.objects, POD, { ...selection, signal: either }, (pods) => {
      for (const container of pods.flatMap(containersOf)) {
        if (known.has(container.id)) continue;
        known.add(container.id);
        reading.add(future(container).catch((error: unknown) => failed.abort(error)));
      }
      return false;
    });
  } finally {
    await Promise.all(reading);
  }
}

async function ofCluster(
  cluster: Cluster,
  app: StoredApp,
  options: LogsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { signal } = terminal;
  const selection = selectionOf(app, cluster, options);
  const { items } = await cluster.objects.list(POD, selection);
  const containers = items.flatMap(containersOf);
  if (containers.length === 0 && options.follow !== true) {
    const { name } = app.metadata;
    const message = `No such pod of ${name} has run: see \`voteapp status ${name}\`.`;
    throw new Failure(EXIT.notFound, message);
  }
  const print = printer(app, options, terminal);
  const logs = new PodLogs(cluster, options, signal);
  if (options.follow !== true) {
    await logs.past(containers, print);
    return EXIT.ok;
  }
  const old = new Set(containers.map(({ id }) => id));
  const reordered = new Reordered(print, REORDER_MS);
  return await untilInterrupted(terminal, async () => {
    await logs.past(containers, print);
    const future = (container: LoggedContainer): Promise<void> =>
      logs.future(container, !old.has(container.id), (line) => reordered.add(line));
    await followAll(cluster, selection, { past: containers, future }, signal).finally(() => reordered.flush());
  });
}

/** Shows the logs of a poll's pods, merged by their times. */
export async function logs(name: string | undefined, options: LogsOptions, terminal: Terminal): Promise<ExitCode> {
  return await whereFound(name, options, terminal, {
    onCluster: (cluster, app) => ofCluster(cluster, app, options, terminal),
    async onThisMachine(poll) {
      const message = `${poll.name} runs on this machine: \`voteapp up\` prints its logs itself, more with LOG_LEVEL=info.`;
      throw new Failure(EXIT.failed, message);
    },
  });
}

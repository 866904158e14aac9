import type { Cluster } from '../cluster/cluster.ts';
import type { StoredApp } from '../cluster/voting-apps.ts';
import { untilReady } from '../create/until-ready.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { change, type ChangeOptions, conditionOf, untilApp } from './change.ts';

/** Never while people vote: it would sleep by itself later, when nobody thinks of it any more. */
function mustNotBeOpen(app: StoredApp): void {
  const { name } = app.metadata;
  if (app.status?.poll?.state !== 'Open') return;
  const advice = `close it first with \`voteapp poll close ${name}\`, or suspend it`;
  throw new Failure(EXIT.failed, `${name} takes votes, and sleeps only while it takes none: ${advice}.`);
}

async function untilAsleep(
  cluster: Cluster,
  app: StoredApp,
  timeoutMs: number,
  { signal, tell }: Pick<Terminal, 'signal' | 'tell'>,
): Promise<void> {
  const { name } = app.metadata;
  let last = 'no operator has taken that up, as `voteapp check` may say';
  const look = (now: StoredApp): true | null => {
    const condition = conditionOf(now, 'Hibernated');
    if (condition === undefined || condition.reason === 'NotAsked') return null;
    if (condition.status === 'True') return true;
    if (condition.reason === 'HibernationRefused') mustNotBeOpen(now);
    const message = `${condition.message} (${now.status?.poll?.state ?? 'its state is not known'})`;
    if (message !== last) tell(`Waiting: ${message}`);
    last = message;
    return null;
  };
  const late = (): string => `${name} is to sleep, and does not yet: ${last.replace(/\.$/, '')}.`;
  await untilApp(cluster, app, look, { timeoutMs, signal, late });
}

/** Has a VotingApp sleep, its data kept and no pod running, or wakes it. */
export async function hibernate(
  what: 'on' | 'off',
  name: string,
  options: ChangeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const isOn = what === 'on';
  const patch = (app: StoredApp): object | null => {
    if ((app.spec.hibernate ?? false) === isOn) return null;
    if (isOn) mustNotBeOpen(app);
    return { spec: { hibernate: isOn } };
  };
  const hasWaited = options.wait === true;
  const asleep = hasWaited
    ? `${name} sleeps: no pods run, and its data is kept.`
    : `${name} is to sleep as soon as no votes wait to be counted.`;
  const awake = hasWaited ? `${name} is awake.` : `${name} wakes; \`voteapp status ${name}\` shows how it comes up.`;
  return await change(
    name,
    {
      act: `hibernate ${what}`,
      patch,
      done: isOn ? asleep : awake,
      settled: (cluster, app) =>
        isOn
          ? untilAsleep(cluster, app, options.timeout, terminal)
          : untilReady(cluster, app, options.timeout, terminal),
    },
    options,
    terminal,
  );
}

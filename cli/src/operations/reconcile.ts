import { ANNOTATIONS } from '@voteapp/contracts/cluster-objects';

import type { StoredApp } from '../cluster/voting-apps.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { change, type ChangeOptions, untilApp } from './change.ts';

const DISABLED = 'disabled';

function annotation({ metadata }: StoredApp): string | undefined {
  return metadata.annotations?.[ANNOTATIONS.reconcile];
}

/** Has the operator leave what it made of a VotingApp as it is, or keep it as asked for again. */
export async function reconcile(
  verb: 'pause' | 'resume',
  name: string,
  options: ChangeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const isPause = verb === 'pause';
  const wanted = isPause ? 'True' : 'False';
  const late = (): string =>
    `${name} is asked for, and no operator has taken that up in time: \`voteapp check\` says whether one runs.`;
  const isTakenUp = ({ status }: StoredApp): true | null => {
    // An annotation makes no new generation, so that of the condition says nothing.
    const paused = status?.conditions?.find(({ type }) => type === 'Paused');
    return paused?.status === wanted ? true : null;
  };
  return await change(
    name,
    {
      act: `reconcile ${verb}`,
      patch: (app) =>
        (annotation(app) === DISABLED) === isPause
          ? null
          : { metadata: { annotations: { [ANNOTATIONS.reconcile]: isPause ? DISABLED : null } } },
      done: isPause
        ? `${name} is paused: the operator changes nothing but its status until \`voteapp reconcile resume ${name}\`.`
        : `${name} is kept as it is asked for again.`,
      settled: (cluster, app) =>
        untilApp(cluster, app, isTakenUp, { timeoutMs: options.timeout, signal: terminal.signal, late }),
    },
    options,
    terminal,
  );
}

import { compare, type ContestantResult, type LoadChoice } from '../compare.ts';
import { startBare } from '../targets/bare.ts';
import type { StartTarget, Target } from '../targets/target.ts';
import { type Limit, NOTHING, type Row } from './row.ts';

export interface ComparisonRow extends Pick<Row, 'name' | 'title' | 'runs' | 'timesTheRounds'> {
  readonly target: StartTarget;
  readonly load?: LoadChoice;
  /** What both, bare and target, stand behind. */
  readonly behind?: (target: Target) => Promise<Target>;
  readonly limits?: (found: ContestantResult) => readonly Limit[];
}

/** A row that measures a target beside a bare server. */
export function comparison({ target, load, behind, limits, ...row }: ComparisonRow): Row {
  const start = async (each: StartTarget): Promise<Target> => {
    const started = await each();
    return behind === undefined ? started : await behind(started);
  };
  return {
    ...row,
    async measure(shape) {
      const found = await compare([() => start(startBare), () => start(target)], shape, load);
      const [, own] = found.contestants;
      return { ...NOTHING, ...found, limits: own === undefined ? [] : (limits?.(own) ?? []) };
    },
  };
}

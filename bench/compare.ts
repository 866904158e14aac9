import { Contestant, type Demand, isSpoilt, type Measured, type Times } from './contestant.ts';
import { type Estimate, estimate, median } from './statistics.ts';
import type { StartTarget, Target } from './targets/target.ts';

/** How often and how long a row measures. */
export interface Shape {
  readonly rounds: number;
  readonly durationMs: number;
  /** Before the first round: code that runs often is compiled by then. */
  readonly warmUpMs: number;
}

export interface ContestantResult {
  readonly name: string;
  /** Medians over the rounds. */
  readonly votesPerSecond: number;
  readonly cpuMicrosPerVote: number;
  readonly cpuByPart: Readonly<Record<string, number>>;
  readonly latency: Times;
  readonly lag: Times | null;
  /** This ÷ the first contestant, round by round. */
  readonly ratios: {
    readonly rate: Estimate;
    readonly cpu: Estimate;
    /** Its lag's p99 ÷ the answer's p99 of the first; null where it has no lag. */
    readonly lag: Estimate | null;
  };
  readonly refused: number;
}

export interface Comparison {
  /** In the order they were given; the first is what the others are ratios to. */
  readonly contestants: readonly ContestantResult[];
  /** Votes per second of each, round by round. */
  readonly rates: readonly (readonly number[])[];
  /** Of what puts the load on; in no figure of a contestant. */
  readonly generator: { readonly cpuMicrosPerVote: number; readonly latenessP99: number | null };
  readonly steal: number;
  readonly others: number;
  /** Rounds that the machine spoilt, and that were made again. */
  readonly spoilt: number;
  /** Why nothing of it counts, in sentences; empty: it does. */
  readonly voids: readonly string[];
}

type Round = readonly Measured[];

function isQuiet(round: Round): boolean {
  return !round.some(isSpoilt);
}

function worst(rounds: readonly Round[]): Pick<Measured, 'steal' | 'others'> & { latenessP99: number | null } {
  const all = rounds.flat();
  const lateness = all.flatMap(({ generator }) => generator.latenessP99 ?? []);
  return {
    steal: Math.max(...all.map(({ steal }) => steal)),
    others: Math.max(...all.map(({ others }) => others)),
    latenessP99: lateness.length === 0 ? null : Math.max(...lateness),
  };
}

function noiseOf(rounds: readonly Round[], wanted: number): string[] {
  if (rounds.length >= wanted) return [];
  return [`Only ${rounds.length} of ${wanted} rounds were quiet enough: the machine is needed by others.`];
}

function resultOf(target: Target, own: readonly Measured[], first: readonly Measured[]): ContestantResult {
  const middle = (pick: (measured: Measured) => number): number => median(own.map(pick));
  const ratio = (pick: (mine: Measured, its: Measured) => number): Estimate =>
    estimate(own.map((mine, round) => pick(mine, first[round] ?? mine)));
  const hasLag = own.some(({ lag }) => lag !== null);
  return {
    name: target.name,
    votesPerSecond: middle(({ votesPerSecond }) => votesPerSecond),
    cpuMicrosPerVote: middle(({ cpuMicrosPerVote }) => cpuMicrosPerVote),
    cpuByPart: Object.fromEntries(
      Object.keys(target.parts).map((part) => [part, middle(({ cpuByPart }) => cpuByPart[part] ?? Number.NaN)]),
    ),
    latency: { p50: middle(({ latency }) => latency.p50), p99: middle(({ latency }) => latency.p99) },
    lag: hasLag ? { p50: middle(({ lag }) => lag?.p50 ?? 0), p99: middle(({ lag }) => lag?.p99 ?? 0) } : null,
    ratios: {
      rate: ratio((mine, its) => mine.votesPerSecond / its.votesPerSecond),
      cpu: ratio((mine, its) => mine.cpuMicrosPerVote / its.cpuMicrosPerVote),
      lag: hasLag ? ratio((mine, its) => (mine.lag?.p99 ?? 0) / its.latency.p99) : null,
    },
    refused: own.reduce((sum, { refused }) => sum + refused, 0),
  };
}

/** What a comparison decides of its load: `shareOfCapacity` is a rate, as a share of what the second one took at most. */
export interface LoadChoice extends Pick<Demand, 'connections' | 'connectionPerVote'> {
  readonly shareOfCapacity?: number;
}

async function warmUp(contestants: readonly Contestant[], { warmUpMs }: Shape, choice: LoadChoice): Promise<Demand> {
  const { shareOfCapacity, ...demand } = choice;
  const capacities: number[] = [];
  for (const each of contestants) {
    capacities.push((await each.measure({ ...demand, durationMs: warmUpMs })).votesPerSecond);
  }
  if (shareOfCapacity === undefined) return { ...demand, durationMs: 0 };
  return { ...demand, durationMs: 0, rate: Math.floor((capacities[1] ?? 0) * shareOfCapacity) };
}

/** All rounds, up to twice as many as are wanted quiet. */
async function play(contestants: readonly Contestant[], demand: Demand, wanted: number): Promise<Round[]> {
  const rounds: Round[] = [];
  while (rounds.length < 2 * wanted && rounds.filter(isQuiet).length < wanted) {
    const round: Measured[] = [];
    for (const each of contestants) round.push(await each.measure(demand));
    rounds.push(round);
  }
  return rounds;
}

async function wrongOf(contestants: readonly Contestant[]): Promise<string[]> {
  const voids: string[] = [];
  for (const each of contestants) {
    const wrong = await each.wrong();
    if (wrong > 0) voids.push(`${each.target.name}: ${wrong} of the votes that it accepted are wrong.`);
  }
  return voids;
}

/**
 * Measures targets beside each other, in rounds in which each has its turn, so that the machine's moods meet all of
 * them. A round that the machine spoilt is made again, up to as many as were wanted; with too few of them, or one vote
 * wrong, the whole is void.
 */
export async function compare(
  starts: readonly StartTarget[],
  shape: Shape,
  choice: LoadChoice = {},
): Promise<Comparison> {
  const contestants: Contestant[] = [];
  try {
    for (const start of starts) contestants.push(new Contestant(await start()));
    const demand = { ...(await warmUp(contestants, shape, choice)), durationMs: shape.durationMs };
    const rounds = await play(contestants, demand, shape.rounds);
    const quiet = rounds.filter(isQuiet);
    const voids = [...noiseOf(quiet, shape.rounds), ...(await wrongOf(contestants))];
    // Where none was quiet, the spoilt ones still show what there was.
    const used = quiet.length > 0 ? quiet : rounds;
    const of = (index: number): Measured[] => used.flatMap((round) => round[index] ?? []);
    const { latenessP99, ...noise } = worst(used);
    return {
      ...noise,
      contestants: contestants.map(({ target }, index) => resultOf(target, of(index), of(0))),
      rates: contestants.map((_, index) => of(index).map(({ votesPerSecond }) => votesPerSecond)),
      generator: {
        cpuMicrosPerVote: median(used.flat().map(({ generator }) => generator.cpuMicrosPerVote)),
        latenessP99,
      },
      spoilt: rounds.length - quiet.length,
      voids,
    };
  } finally {
    for (const { target } of contestants.toReversed()) await target.stop();
  }
}

/** The n-th contestant ÷ the m-th in votes per second, round by round. */
export function rateRatio({ rates }: Comparison, n: number, m: number): Estimate {
  return estimate((rates[n] ?? []).map((rate, round) => rate / (rates[m]?.[round] ?? Number.NaN)));
}

import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** What the figures of a report were measured on; figures of two machines do not belong in one report. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.version,
  };
}

export function describeMachine({ processor, cores, memoryGiB, kernel, node }: Machine): string {
  return `${cores} × ${processor}, ${memoryGiB} GiB, ${kernel}, Node.js ${node}`;
}

import { percentile } from '../statistics.ts';
import { type LoadResult, wallClock } from './load.ts';

/** Numbers by the hundred thousand, without one object each. */
class Samples {
  #values = new Float64Array(1 << 16);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const longer = new Float64Array(this.#length * 2);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }

  percentile(share: number): number {
    return percentile(this.values().sort(), share);
  }
}

/** What becomes of the requests of one run; it begins when it is made. Times are by `performance.now()`. */
export class Recorder {
  readonly #startedAt: number;
  readonly #cpu = process.cpuUsage();
  readonly #latencies = new Samples();
  readonly #lateness = new Samples();
  readonly #acceptedAt = new Samples();
  readonly #refused: number[] = [];
  readonly #unknown: number[] = [];
  #settled = 0;
  #onSettled: (settled: number) => void = () => {};

  /** `startedAt`: when the first request is due. */
  constructor(startedAt = performance.now()) {
    this.#startedAt = startedAt;
  }

  due(at: number): void {
    this.#lateness.push(performance.now() - at);
  }

  /** `status`: null: there is no answer. */
  settle(vote: number, since: number, status: number | null): void {
    const now = performance.now();
    if (status === null) this.#unknown.push(vote);
    else {
      this.#latencies.push(now - since);
      if (status >= 200 && status < 300) this.#acceptedAt.push(performance.timeOrigin + now);
      else this.#refused.push(vote);
    }
    this.#settled += 1;
    this.#onSettled(this.#settled);
  }

  /** Resolves when so many requests are settled. */
  async untilSettled(sent: number): Promise<void> {
    if (this.#settled === sent) return;
    await new Promise<void>((resolve) => {
      this.#onSettled = (settled) => {
        if (settled === sent) resolve();
      };
    });
  }

  result(sent: number, isOpenLoop: boolean): LoadResult {
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      sent,
      startedAt: performance.timeOrigin + this.#startedAt,
      endedAt: wallClock(),
      acceptedAt: this.#acceptedAt.values(),
      refused: this.#refused,
      unknown: this.#unknown,
      latency: { p50: this.#latencies.percentile(0.5), p99: this.#latencies.percentile(0.99) },
      latenessP99: isOpenLoop ? this.#lateness.percentile(0.99) : null,
      cpuMicros: user + system,
    };
  }
}

/** When something was, by two clocks, in ms. */
export interface Moment {
  /** Since the epoch; somebody may set this clock back. */
  readonly wall: number;
  /** Since the process began; this clock stands still while the machine sleeps. */
  readonly steady: number;
}

/** Before every other moment. */
export const NEVER: Moment = { wall: -Infinity, steady: -Infinity };

export function momentAt(wall: number): Moment {
  return { wall, steady: performance.now() };
}

/** What has passed between two moments, in ms, by the clock that says more: for limits that nothing may outlast. */
export function elapsed(from: Moment, to: Moment): number {
  return Math.max(to.wall - from.wall, to.steady - from.steady);
}

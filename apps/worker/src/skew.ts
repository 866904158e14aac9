import type { Logger } from '@voteapp/kit/log';
import { Counter, Gauge, type Registry } from '@voteapp/kit/metrics';

/** A publisher's clock so far ahead of this one, in ms, raises the alarm: votes of one voter may change places. */
const ALARM_MS = 250;

/** The worst of this long is shown, in ms, and the alarm is logged once in it. */
const WINDOW_MS = 60_000;

export interface SkewWatch {
  /** `sentAt`: the publisher's clock when it sent a message; `takenAt`: this clock when it was taken. Both in ms. */
  observe(sentAt: number, takenAt: number): void;
}

/**
 * Watches how far publishers' clocks are ahead: a message cannot be taken before it was sent. A clock that is behind
 * looks like a slow queue from here; each vote replica compares itself with front and is unready at 1 s.
 */
export function watchSkew(registry: Registry, log: Logger): SkewWatch {
  const registers = [registry];
  const worst = new Gauge({
    name: 'voteapp_worker_clock_skew_seconds',
    help: 'How far the clock of a publisher was ahead of this one at most, in the last minute; 0: not at all.',
    registers,
  });
  const alarms = new Counter({
    name: 'voteapp_worker_skewed_messages_total',
    help: 'Messages sent over 250 ms ahead of this clock.',
    registers,
  });
  let windowFrom = -Infinity;
  let ahead = 0;
  let logged = false;
  return {
    observe(sentAt, takenAt) {
      if (takenAt - windowFrom >= WINDOW_MS || takenAt < windowFrom) {
        windowFrom = takenAt;
        ahead = 0;
        logged = false;
      }
      ahead = Math.max(ahead, sentAt - takenAt);
      worst.set(ahead / 1_000);
      if (sentAt - takenAt <= ALARM_MS) return;
      alarms.inc();
      if (!logged)
        log.error({ aheadMs: Math.round(ahead) }, 'The clock of a vote replica is ahead: check its time source');
      logged = true;
    },
  };
}

import { Caller } from './caller.ts';
import { closedLoop } from './closed-loop.ts';
import type { Load, LoadResult } from './load.ts';
import { openLoop } from './open-loop.ts';
import { Recorder } from './recorder.ts';
import { RequestWriter } from './request-writer.ts';
import type { Sending } from './sending.ts';

/** How long answers may take when nothing is sent any more, ms. */
const ANSWER_LIMIT_MS = 30_000;
/** Until the metronome's thread runs. */
const LEAD_MS = 250;

/** Sends requests for a time, and resolves when each has its answer or will have none. */
export async function generate(load: Load): Promise<LoadResult> {
  const { rate } = load;
  const writer = new RequestWriter(load);
  let sending: Sending | undefined;
  let recorder: Recorder | undefined;
  const callers = Array.from({ length: load.connections }, () => {
    return new Caller(load, writer, (caller, vote, since, status) => {
      recorder?.settle(vote, since, status);
      sending?.onIdle(caller);
    });
  });
  try {
    await Promise.all(callers.map((caller) => caller.open()));
    const start = performance.now() + (rate === null ? 0 : LEAD_MS);
    const recording = new Recorder(start);
    recorder = recording;
    sending =
      rate === null
        ? closedLoop(load, callers)
        : openLoop({ ...load, rate }, callers, start, (at) => recording.due(at));
    const sent = await sending.run();
    const limit = setTimeout(() => callers.forEach((caller) => caller.close()), ANSWER_LIMIT_MS);
    await recording.untilSettled(sent);
    clearTimeout(limit);
    return recording.result(sent, rate !== null);
  } finally {
    for (const caller of callers) caller.close();
  }
}

import { pollState, showsOptions } from '@voteapp/contracts/definition';
import type { Logger } from '@voteapp/kit/log';
import { repeat, type Repeated } from '@voteapp/kit/repeat';
import type { FrontStore, RoundSnapshot } from '@voteapp/store/port';

const REDRAW_EVERY_MS = 500;
const PLAIN_LINE_EVERY_MS = 10_000;

/** The count in one line. The numbers per option appear only where anybody may see them. */
export function countLine({ definition, counts, final }: RoundSnapshot, now: number): string {
  const state = pollState(definition, now, final !== null);
  const total = counts.reduce((sum, { votes }) => sum + votes, 0);
  const parts = [state.toLowerCase(), `${total} ${total === 1 ? 'vote' : 'votes'}`];
  if (showsOptions(definition.visibility, state, () => false)) {
    definition.options.forEach(({ label }, index) => parts.push(`${label} ${counts[index]?.votes ?? 0}`));
  }
  return parts.join(' · ');
}

export interface CountOutput {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly now: () => number;
  readonly log: Logger;
}

/** Keeps the count in sight: one line redrawn in place on a terminal, otherwise a plain line when it has changed. */
export function showCount(store: FrontStore, { stream, now, log }: CountOutput): Repeated {
  const live = stream.isTTY === true;
  let shown = '';
  const task = async (): Promise<void> => {
    const current = await store.currentDefinition();
    const snapshot = current && (await store.snapshot(current.round));
    if (snapshot === null) return;
    const line = countLine(snapshot, now());
    if (line === shown) return;
    shown = line;
    stream.write(live ? `\r\u001B[K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`);
  };
  const repeated = repeat(task, live ? REDRAW_EVERY_MS : PLAIN_LINE_EVERY_MS, log, 'show count');
  return {
    async stop() {
      await repeated.stop();
      await task();
      if (live) stream.write('\n');
    },
  };
}

import { closedLoop, type LoadOptions } from './closed-loop.ts';

// The generator in a process of its own: its CPU time is not that of what it measures.
process.once('message', (options: LoadOptions) => void answer(options));

async function answer(options: LoadOptions): Promise<void> {
  process.send?.(await closedLoop(options));
  process.disconnect();
}

import { generate } from './generator.ts';
import type { Load } from './load.ts';

// The generator in a process of its own: its CPU time is not that of what it measures.
process.once('message', (load: Load) => void answer(load));

async function answer(load: Load): Promise<void> {
  // A connection that is closed too early takes what is on its way along.
  process.send?.(await generate(load), () => process.disconnect());
}

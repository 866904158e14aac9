import { registerHooks } from 'node:module';

import { REWRITES_VARIABLE, type Rewrite, rewritten } from './rewrites.ts';

// Preloaded into the processes of a case (`node --import`), and so into each of their threads.
const rewrites = JSON.parse(process.env[REWRITES_VARIABLE] ?? '[]') as Rewrite[];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const own = rewrites.filter(({ file }) => url.endsWith(`/${file}`));
    if (own.length === 0) return loaded;
    return { ...loaded, source: rewritten(url, Buffer.from(loaded.source as Uint8Array).toString(), own) };
  },
});

import { copyFile, readFile, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, type BuildOptions, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** What is shipped, and where it starts. */
const PROGRAMS = {
  vote: 'apps/vote/src/main.ts',
  worker: 'apps/worker/src/main.ts',
  front: 'apps/front/src/main.ts',
  operator: 'operator/src/main.ts',
  cli: 'cli/src/main.ts',
} as const;

export type ProgramName = keyof typeof PROGRAMS;

export const PROGRAM_NAMES = Object.keys(PROGRAMS) as ProgramName[];

/** A file that a module of ours names relative to itself: a thread, or something that it reads. */
const OWN_URL = /new URL\((?:'|")(\.[^'"]+)(?:'|"), import\.meta\.url\)/g;

const OPTIONS: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  // CommonJS dependencies ask for Node's own modules by a function that an ES module lacks.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/** Where a file of the sources goes beside the bundle: threads are bundles of their own, the rest goes as it is. */
function placed(source: string): string {
  const name = relative(ROOT, source).replaceAll('/', '-');
  return extname(source) === '.ts' ? `${basename(name, '.ts')}.js` : name;
}

/** Leads whatever our modules name relative to themselves to where `placed` puts it, and collects it. */
function ownFiles(found: Set<string>): Plugin {
  return {
    name: 'own-files',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes('/node_modules/')) return null;
        const text = await readFile(path, 'utf8');
        const contents = text.replaceAll(OWN_URL, (_, url: string) => {
          const source = resolve(dirname(path), url);
          found.add(source);
          return `new URL('./${placed(source)}', import.meta.url)`;
        });
        const named = text.match(OWN_URL)?.length ?? 0;
        if (named !== (text.match(/import\.meta\.url/g)?.length ?? 0)) {
          throw new Error(`${path} uses import.meta.url elsewhere than in new URL('./…', import.meta.url)`);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** Bundles one file into the folder, with what its modules name relative to themselves, and so on. */
async function bundleInto(folder: string, entry: string, name: string): Promise<void> {
  const found = new Set<string>();
  await build({ ...OPTIONS, entryPoints: [{ in: entry, out: name }], outdir: folder, plugins: [ownFiles(found)] });
  for (const source of found) {
    if (extname(source) === '.ts') await bundleInto(folder, source, basename(placed(source), '.js'));
    else await copyFile(source, join(folder, placed(source)));
  }
}

/** Makes `<into>/<name>/main.js`, which needs nothing of the repository but its neighbours, and returns its path. */
export async function bundle(name: ProgramName, into = DIST): Promise<string> {
  const folder = join(into, name);
  await rm(folder, { recursive: true, force: true });
  await bundleInto(folder, join(ROOT, PROGRAMS[name]), 'main');
  return join(folder, 'main.js');
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !PROGRAM_NAMES.includes(name as ProgramName));
  if (unknown.length > 0) {
    console.error(`There is no program ${unknown.join(', ')}; there are ${PROGRAM_NAMES.join(', ')}.`);
    process.exitCode = 2;
  } else {
    for (const name of asked.length > 0 ? (asked as ProgramName[]) : PROGRAM_NAMES) console.log(await bundle(name));
  }
}

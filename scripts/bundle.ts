import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

import { BILL, billOf } from './bill-of-materials.ts';
import { licencesOf } from './licences.ts';

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

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // What is imported when it is needed is a file of its own, and is not read before.
  splitting: true,
  metafile: true,
  sourcesContent: false,
  logLevel: 'warning',
  // CommonJS dependencies ask for Node's own modules by a function that an ES module lacks.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
} satisfies BuildOptions;

/** Whether stack traces shall lead to the sources, which must be beside the bundle then. */
type SourceMaps = 'linked' | false;

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

/**
 * Leaves out the models of every kind of Kubernetes, 4 MB that are read at each start of the CLI: `PortForward` names two
 * classes of them, for ways to find a pod that nobody here takes.
 */
const WITHOUT_MODELS: Plugin = {
  name: 'without-models',
  setup(build) {
    build.onLoad({ filter: /@kubernetes\/client-node\/dist\/portforward\.js$/ }, async ({ path }) => {
      const named = "import { AppsV1Api, CoreV1Api } from './gen/index.js';";
      const text = await readFile(path, 'utf8');
      if (!text.includes(named)) throw new Error(`${path} no longer has: ${named}`);
      return { contents: text.replace(named, 'const AppsV1Api = undefined, CoreV1Api = undefined;') };
    });
  },
};

/** Bundles one file into the folder, with what its modules name relative to themselves, and so on; returns what it took. */
async function bundleFile(folder: string, entry: string, name: string, sourcemap: SourceMaps): Promise<Metafile[]> {
  const found = new Set<string>();
  const entryPoints = [{ in: entry, out: name }];
  const plugins = [ownFiles(found), WITHOUT_MODELS];
  const { metafile } = await build({ ...OPTIONS, sourcemap, entryPoints, outdir: folder, plugins });
  const built: Metafile[] = [metafile];
  for (const source of found) {
    if (extname(source) !== '.ts') await copyFile(source, join(folder, placed(source)));
    else built.push(...(await bundleFile(folder, source, basename(placed(source), '.js'), sourcemap)));
  }
  return built;
}

/**
 * Makes `<folder>/main.js`, which needs nothing but its neighbours, the licences of the packages in it, and the list of
 * all that is in it.
 */
export async function bundleInto(folder: string, name: ProgramName, sourcemap: SourceMaps = 'linked'): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const built = await bundleFile(folder, join(ROOT, PROGRAMS[name]), 'main', sourcemap);
  const outputs = built.flatMap((metafile) => Object.values(metafile.outputs));
  const sources = new Set(outputs.flatMap(({ inputs }) => Object.keys(inputs)));
  await writeFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), await licencesOf([...sources]));
  await writeFile(join(folder, BILL), await billOf(built));
}

/** Makes `<into>/<name>/main.js` and its neighbours; returns its path. */
export async function bundle(name: ProgramName, into = DIST): Promise<string> {
  const folder = join(into, name);
  await bundleInto(folder, name);
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

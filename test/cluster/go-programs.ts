import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { cacheFolder } from '../tools/debian-root.ts';
import { onPath } from '../tools/programs.ts';

const run = promisify(execFile);
const KUBERNETES = fileURLToPath(new URL('kubernetes', import.meta.url));
const PAUSE = fileURLToPath(new URL('../images/pause/main.go', import.meta.url));
const PARTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubectl',
  'kubelet',
];

/** The Kubernetes releases that can be built, and the file that names the modules of each. */
export const KUBERNETES_RELEASES = { '1.34': 'go.mod', '1.36': '1.36.mod' } as const;

export type KubernetesRelease = keyof typeof KUBERNETES_RELEASES;

/** Programs that come as a Go module each. */
const TOOLS = {
  contour: 'github.com/projectcontour/contour/cmd/contour@v1.33.8',
  coredns: 'github.com/coredns/coredns@v1.15.0',
  hclfmt: 'github.com/hashicorp/hcl/v2/cmd/hclfmt@v2.24.0',
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
  'helm-4': 'helm.sh/helm/v4/cmd/helm@v4.3.1',
  'kube-score': 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0',
  kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0',
  'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server@v0.9.0',
} as const;

export type GoTool = keyof typeof TOOLS;

// One set of flags for all, for the compiler's cache tells them apart.
const BUILD = ['-trimpath'];
const STRIPPED = '-s -w';

async function go(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  // A build that nobody waits for any more would take the machine for minutes.
  const mortal = onPath('setpriv') === null ? [] : ['setpriv', '--pdeathsig', 'KILL'];
  // The lowest priority: suites of other things run at the same time.
  const [program, ...rest] = [...mortal, 'nice', '-n', '19', 'go', ...args] as [string, ...string[]];
  const options = { cwd, env: { ...process.env, CGO_ENABLED: '0', ...env }, maxBuffer: 64 << 20 };
  return (await run(program, rest, options)).stdout;
}

/** A folder of the cache, filled by `fill` unless it is there. */
async function cached(name: string, minutes: number, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  process.stderr.write(`Building ${name} from its Go modules, once: it takes about ${minutes} min.\n`);
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    await fill(work);
    // Another run may have come first; its result is as good.
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/** Builds every part of a Kubernetes release where it is not cached yet, and returns the folder that has them. */
export async function kubernetesPrograms(release: KubernetesRelease): Promise<string> {
  const modules = KUBERNETES_RELEASES[release];
  const inputs = await Promise.all(
    ['main.go', modules, modules.replace(/mod$/, 'sum')].map((file) => readFile(join(KUBERNETES, file), 'utf8')),
  );
  const version = /k8s\.io\/kubernetes (v\S+)/.exec(inputs.join('\n'))?.[1];
  if (version === undefined) throw new Error(`${modules} names no version of k8s.io/kubernetes`);
  const hash = createHash('sha256').update(inputs.join('\n')).digest('hex').slice(0, 8);
  const [major, minor] = release.split('.');
  // Without these every part takes itself for v0.0.0.
  const versions = {
    'k8s.io/component-base/version.gitVersion': version,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/client-go/pkg/version.gitVersion': version,
  };
  const flags = [STRIPPED, ...Object.entries(versions).map(([name, value]) => `-X ${name}=${value}`)].join(' ');
  return await cached(`kubernetes-${version}-${hash}`, 6, async (folder) => {
    const output = join(folder, 'kubernetes');
    await go(['build', ...BUILD, `-modfile=${modules}`, `-ldflags=${flags}`, '-o', output, '.'], KUBERNETES);
    for (const part of PARTS) await symlink('kubernetes', join(folder, part));
  });
}

/** Builds the program that holds a pod's namespaces where it is not cached yet, and returns its path. */
export async function pauseProgram(): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(PAUSE))
    .digest('hex')
    .slice(0, 8);
  const folder = await cached(`pause-${hash}`, 1, async (work) => {
    await go(['build', ...BUILD, `-ldflags=${STRIPPED}`, '-o', join(work, 'pause'), PAUSE], work);
  });
  return join(folder, 'pause');
}

/** Builds a program where it is not cached yet, and returns its path. It needs nothing of the host but its kernel. */
export async function goTool(tool: GoTool): Promise<string> {
  const [path, version] = TOOLS[tool].split('@') as [string, string];
  const folder = await cached(`${tool}-${version}`, 2, async (work) => {
    await go(['install', ...BUILD, `-ldflags=${STRIPPED}`, TOOLS[tool]], work, { GOBIN: work });
  });
  return join(folder, basename(path));
}

/** The folder of a Go module's files. Throws when it cannot be had. */
export async function goModule(module: string): Promise<string> {
  const { Dir } = JSON.parse(await go(['mod', 'download', '-json', module], cacheFolder())) as { Dir: string };
  return Dir;
}

/** The version of Contour's module, whose files describe its resources. */
export const CONTOUR_MODULE = TOOLS.contour.replace('/cmd/contour', '');

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { onPath } from '../tools/programs.ts';
import { KUBERNETES_RELEASES, type KubernetesRelease } from './go-programs.ts';

const run = promisify(execFile);
const ANSWER_LIMIT_MS = 10_000;
const DEFAULT_RELEASE: KubernetesRelease = '1.34';
/** All that the `api` level consists of. */
const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Where a cluster comes from. */
export type Source = 'existing' | 'kubebuilder' | 'kind' | 'k3d' | 'built';

/** A folder of programs that somebody brought. */
interface Assets {
  readonly folder: string;
  /** As "1.34"; null where its API server does not say. */
  readonly release: string | null;
  /** The programs of a control plane that are not in it. */
  readonly lacking: readonly string[];
}

/** What this machine has and may do. */
export interface Facts {
  /** VOTEAPP_TEST_KUBECONFIG */
  readonly kubeconfig: string | null;
  /** VOTEAPP_TEST_K8S */
  readonly wanted: string | null;
  /** KUBEBUILDER_ASSETS */
  readonly assets: Assets | null;
  /** Whether Docker runs containers. */
  readonly docker: boolean;
  /** What is on PATH. */
  readonly programs: Readonly<Record<'kind' | 'k3d' | 'go', boolean>>;
  readonly root: boolean;
}

/** Where to take a cluster from, or why there is none. */
export type Choice =
  | { readonly source: 'existing'; readonly kubeconfig: string }
  | { readonly source: 'kubebuilder'; readonly folder: string }
  | { readonly source: 'kind' | 'k3d' | 'built'; readonly release: KubernetesRelease }
  | { readonly missing: string };

function isRelease(name: string): name is KubernetesRelease {
  return Object.hasOwn(KUBERNETES_RELEASES, name);
}

function suits({ release, lacking }: Assets, wanted: string | null): boolean {
  return lacking.length === 0 && (wanted === null || wanted === release);
}

function whyNone(level: 'api' | 'node', { assets, docker, programs }: Facts): string {
  const reasons = ['VOTEAPP_TEST_KUBECONFIG names no cluster'];
  if (level === 'api' && assets !== null) {
    const { lacking, release } = assets;
    reasons.push(`KUBEBUILDER_ASSETS has ${lacking.length > 0 ? `no ${lacking.join(', ')}` : `Kubernetes ${release}`}`);
  }
  reasons.push(docker ? 'neither kind nor k3d is on PATH' : 'Docker runs no containers here');
  reasons.push(programs.go ? 'a node of its own needs root on Linux' : 'there is no go on PATH to build one');
  return reasons.join('; ');
}

/** Decides where a cluster comes from: the first that there is, in the order of `Source`. */
export function chooseSource(level: 'api' | 'node', facts: Facts): Choice {
  const { kubeconfig, assets, docker, programs, root } = facts;
  // Only control planes come in several releases.
  const wanted = level === 'api' ? facts.wanted : null;
  const release = wanted ?? DEFAULT_RELEASE;
  if (kubeconfig !== null) return { source: 'existing', kubeconfig };
  if (level === 'api' && assets !== null && suits(assets, wanted))
    return { source: 'kubebuilder', folder: assets.folder };
  if (!isRelease(release)) {
    const known = Object.keys(KUBERNETES_RELEASES).join(', ');
    return { missing: `VOTEAPP_TEST_K8S=${release} is none of ${known}` };
  }
  if (docker && programs.kind) return { source: 'kind', release };
  if (docker && programs.k3d) return { source: 'k3d', release };
  if (programs.go && (level === 'api' || root)) return { source: 'built', release };
  return { missing: whyNone(level, facts) };
}

async function dockerWorks(): Promise<boolean> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: ANSWER_LIMIT_MS });
    return true;
  } catch {
    return false;
  }
}

async function assetsIn(folder: string): Promise<Assets> {
  const lacking = CONTROL_PLANE.filter((program) => !existsSync(join(folder, program)));
  const answer = run(join(folder, 'kube-apiserver'), ['--version'], { timeout: ANSWER_LIMIT_MS });
  const { stdout } = await answer.catch(() => ({ stdout: '' }));
  return { folder, release: /v(\d+\.\d+)/.exec(stdout)?.[1] ?? null, lacking };
}

/** Looks at this machine and its environment for whatever clusters may come from. */
export async function findFacts(env: NodeJS.ProcessEnv = process.env): Promise<Facts> {
  const folder = env['KUBEBUILDER_ASSETS'] || null;
  return {
    kubeconfig: env['VOTEAPP_TEST_KUBECONFIG'] || null,
    wanted: env['VOTEAPP_TEST_K8S'] || null,
    assets: folder === null ? null : await assetsIn(folder),
    docker: await dockerWorks(),
    programs: { kind: onPath('kind') !== null, k3d: onPath('k3d') !== null, go: onPath('go') !== null },
    root: process.platform === 'linux' && process.getuid?.() === 0,
  };
}

/** Where a cluster of a level comes from on this machine, or why there is none. */
export async function findSource(level: 'api' | 'node'): Promise<Choice> {
  return chooseSource(level, await findFacts());
}

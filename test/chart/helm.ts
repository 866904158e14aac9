import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { parseAllDocuments } from 'yaml';

import type { KubeObject } from '../cluster/client.ts';
import { findHelm } from '../tools/helm.ts';
import { pathUnlessMissing } from '../tools/programs.ts';

const run = promisify(execFile);

export const CHART = fileURLToPath(new URL('../../charts/voteapp', import.meta.url));
export const POLL_CHART = fileURLToPath(new URL('../../charts/voteapp-poll', import.meta.url));

/** With these an upgrade takes back what somebody else has changed; Helm 3 needs no word for it. */
export const TAKING_OVER: readonly string[] = process.env['VOTEAPP_TEST_HELM'] === '4' ? ['--force-conflicts'] : [];

export type Values = Readonly<Record<string, unknown>>;

/** Where Helm is; null, once its absence is said, where it cannot be had. Throws where it has to be. */
export async function helmUnlessMissing(): Promise<string | null> {
  return pathUnlessMissing('helm', await findHelm());
}

/** Runs Helm with values and resolves with what it printed. Throws, with what it complained of, when it fails. */
export async function runHelm(
  program: string,
  args: readonly string[],
  { values = {}, env = {} }: { readonly values?: Values; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const running = run(program, args, { env: { ...process.env, ...env }, maxBuffer: 16 << 20 });
  running.child.stdin?.end(JSON.stringify(values));
  return (await running).stdout;
}

/** What a release of a chart consists of, without its tests. */
export async function render(
  program: string,
  values: Values,
  release = 'voteapp',
  chart = CHART,
): Promise<readonly KubeObject[]> {
  const where = ['--namespace', 'voteapp-system', '--kube-version', '1.34.0'];
  const args = ['template', release, chart, ...where, '--skip-tests', '--values', '-'];
  return objectsIn(await runHelm(program, args, { values }));
}

/** The pod that `helm test` makes of a chart. */
export async function testPod(program: string, chart: string, values: Values): Promise<KubeObject> {
  const args = ['template', 'voteapp', chart, '--kube-version', '1.34.0', '--values', '-'];
  const objects = objectsIn(await runHelm(program, args, { values }));
  const [pod] = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test');
  if (pod === undefined) throw new Error(`The chart in ${chart} has no test`);
  return pod;
}

function objectsIn(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).map((document) => (document as { toJS(): unknown }).toJS() as KubeObject);
}

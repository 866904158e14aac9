import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { parseAllDocuments, stringify } from 'yaml';

const run = promisify(execFile);
const CHART = fileURLToPath(new URL('../../charts/voteapp', import.meta.url));
const RELEASE = 'voteapp';
const NAMESPACE = 'voteapp-system';
// The lowest that the chart takes; without a cluster Helm assumes one that is older.
const KUBERNETES = '1.33.0';

/** Objects that bear these are taken by Helm, and by `voteapp install`, for a release of Helm's. */
function isOfHelm(key: string): boolean {
  return key.startsWith('helm.sh/') || key === 'app.kubernetes.io/managed-by';
}

function withoutHelm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHelm);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).flatMap(([key, field]: [string, unknown]) => {
    if (isOfHelm(key)) return [];
    const left = withoutHelm(field);
    const emptied = isEmpty(left) && !isEmpty(field);
    return emptied ? [] : [[key, left] as const];
  });
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0;
}

/** The text of `manifests/install.yaml`: the chart as it is on disk, rendered with its defaults by the program. */
export async function installManifest(helm: string): Promise<string> {
  const args = ['template', RELEASE, CHART, '--namespace', NAMESPACE, '--kube-version', KUBERNETES, '--skip-tests'];
  const { stdout } = await run(helm, args, { maxBuffer: 16 << 20 });
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
  const rendered = parseAllDocuments(stdout).map((document) => withoutHelm((document as { toJS(): unknown }).toJS()));
  const documents = [namespace, ...rendered.filter((object) => object !== null)].map((object) =>
    stringify(object, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false }),
  );
  return [
    '# Rendered from charts/voteapp by `npm run generate`; do not edit.',
    '# kubectl apply --server-side -f install.yaml',
    documents.join('---\n'),
  ].join('\n');
}

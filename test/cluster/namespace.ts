import { randomBytes } from 'node:crypto';

import type { KubeClient } from './client.ts';
import { waitFor } from './conditions.ts';

/**
 * Makes a namespace whose name begins with `prefix` and is nobody else's, and resolves with its name when pods are
 * admitted to it.
 */
export async function createNamespace(
  client: KubeClient,
  prefix: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  // Without this account no pod is admitted.
  await waitFor(client, { apiVersion: 'v1', kind: 'ServiceAccount', namespace: name, name: 'default' }, () => true);
  return name;
}

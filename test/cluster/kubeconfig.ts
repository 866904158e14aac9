import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';

import type { ClusterUser } from './pki.ts';

/** Writes a self-contained kubeconfig of a user, from the folder of certificates, and returns its path. */
export async function writeKubeconfig(pki: string, server: string, user: ClusterUser, path: string): Promise<string> {
  const data = async (file: string) => (await readFile(join(pki, file))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': await data('ca.crt') } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': await data(`${user}.crt`),
          'client-key-data': await data(`${user}.key`),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
  return path;
}

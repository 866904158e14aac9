import { writeFile } from 'node:fs/promises';

/** Writes a kubeconfig for a stand-in API server on this loopback port, which talks HTTP. */
export async function writePlainKubeconfig(path: string, port: number): Promise<void> {
  const config = {
    clusters: [{ name: 'a', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'a', user: { token: 'a' } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  await writeFile(path, JSON.stringify(config));
}

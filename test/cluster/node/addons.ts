import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type KubeClient, refOf } from '../client.ts';
import { waitForRollout, waitUntilServed } from '../conditions.ts';
import { CONTOUR_MODULE, goModule } from '../go-programs.ts';

const DEPLOYMENTS = [
  ['kube-system', 'coredns'],
  ['kube-system', 'metrics-server'],
  ['projectcontour', 'contour'],
] as const;

async function manifest(name: string): Promise<string> {
  return await readFile(fileURLToPath(new URL(`addons/${name}.yaml`, import.meta.url)), 'utf8');
}

/** The custom resources that Contour watches, in their makers' words. */
async function customResources(): Promise<string[]> {
  const contour = await goModule(CONTOUR_MODULE);
  const modules = await readFile(join(contour, 'go.mod'), 'utf8');
  const version = /sigs\.k8s\.io\/gateway-api (v\S+)/.exec(modules)?.[1];
  if (version === undefined) throw new Error('Contour names no version of the Gateway API');
  const gateway = await goModule(`sigs.k8s.io/gateway-api@${version}`);
  const files = [
    join(contour, 'examples/contour/01-crds.yaml'),
    ...globSync(join(gateway, 'config/crd/experimental/*_*.yaml')),
  ];
  return await Promise.all(files.map((file) => readFile(file, 'utf8')));
}

/**
 * Installs what a cluster is expected to have: DNS, metrics, an Ingress and Gateway controller; resolves when they are
 * ready.
 */
export async function installAddons(client: KubeClient, nodeAddress: string, pki: string): Promise<void> {
  const [dns, metrics, ingress] = await Promise.all([manifest('dns'), manifest('metrics'), manifest('ingress')]);
  await client.applyAll(dns);
  await client.applyAll(metrics);
  const definitions = await Promise.all((await customResources()).map((yaml) => client.applyAll(yaml)));
  for (const definition of definitions.flat()) {
    if (definition.kind === 'CustomResourceDefinition') await waitUntilServed(client, refOf(definition));
  }
  await client.applyAll(ingress.replaceAll('${NODE_ADDRESS}', nodeAddress));
  await client.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'projectcontour', name: 'gateway-certificate' },
    type: 'kubernetes.io/tls',
    stringData: {
      'tls.crt': await readFile(join(pki, 'apiserver.crt'), 'utf8'),
      'tls.key': await readFile(join(pki, 'apiserver.key'), 'utf8'),
    },
  });
  for (const [namespace, name] of DEPLOYMENTS) {
    await waitForRollout(client, { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name });
  }
}

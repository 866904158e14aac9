import { readFile } from 'node:fs/promises';

import { operatorEnv, releaseOf } from '@voteapp/operator/config';
import { VERSION } from '@voteapp/operator/release';
import { parseAllDocuments } from 'yaml';

import { type Image, projectImages } from '../../scripts/images/images.ts';
import { renamed } from '../../scripts/images/renamed.ts';
import type { KubeClient, KubeObject } from '../cluster/client.ts';
import { refOf } from '../cluster/client.ts';
import { waitForRollout, waitUntilServed } from '../cluster/conditions.ts';
import { serverImage, type ServerImageName } from '../images/server-images.ts';

const ROOT = new URL('../../', import.meta.url);

/** Every image that an operator runs, its own included, by its reference and the archive that has it. */
export async function operatorImages(servers: readonly ServerImageName[] = ['mysql', 'rabbitmq']) {
  const built = await projectImages(['vote', 'worker', 'front', 'operator']);
  const made = await Promise.all(servers.map(async (name) => [name, await serverImage(name)] as const));
  return { ...built, ...Object.fromEntries(made) };
}

/** Images under the names by which an installation that names none looks for them, as a registry would have them. */
export async function asReleased(images: Readonly<Record<string, Image>>): Promise<readonly Image[]> {
  const names: Readonly<Record<string, string>> = {
    ...releaseOf(operatorEnv.parse({})).images,
    operator: `voteapp-operator:${VERSION}`,
  };
  return await Promise.all(Object.entries(images).map(async ([name, image]) => await renamed(image, names[name]!)));
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly [field: string]: unknown;
}

/** The Deployment with images that the cluster has. */
function withImages(deployment: KubeObject, references: Readonly<Record<string, string>>): KubeObject {
  const spec = deployment.spec as { template: { spec: { containers: [Container] } } };
  const [container] = spec.template.spec.containers;
  const env = container.env.map((variable) => {
    const reference = references[/^RELATED_IMAGE_(.*)$/.exec(variable.name)?.[1]?.toLowerCase() ?? ''];
    return reference === undefined ? variable : { ...variable, value: reference };
  });
  const containers = [{ ...container, env, image: references['operator'], imagePullPolicy: 'IfNotPresent' }];
  const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
  return { ...deployment, spec: { ...spec, template } };
}

/** Installs the operator by manifests/install.yaml, with images by reference; resolves with its Deployment. */
export async function installOperator(
  client: KubeClient,
  references: Readonly<Record<string, string>>,
): Promise<KubeObject> {
  const text = await readFile(new URL('manifests/install.yaml', ROOT), 'utf8');
  const objects = parseAllDocuments(text).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
  let operator: KubeObject | undefined;
  for (const object of objects) {
    const wanted = object.kind === 'Deployment' ? withImages(object, references) : object;
    const applied = await client.apply(wanted, { force: true });
    if (object.kind === 'CustomResourceDefinition') await waitUntilServed(client, refOf(applied));
    if (object.kind === 'Deployment') operator = applied;
  }
  return await waitForRollout(client, refOf(operator!), { timeoutMs: 120_000 });
}

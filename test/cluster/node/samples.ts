import { readFile } from 'node:fs/promises';

/** The manifests of a sample, with images in the places that are named `${…}`. */
export async function sample(
  name: 'mariadb' | 'poll' | 'web',
  images: Readonly<Record<string, string>>,
): Promise<string> {
  const yaml = await readFile(new URL(`samples/${name}.yaml`, import.meta.url), 'utf8');
  return Object.entries(images).reduce((filled, [key, image]) => filled.replaceAll(`\${${key}}`, image), yaml);
}

import { readFile } from 'node:fs/promises';

import { parseAllDocuments } from 'yaml';

import type { KubeObject } from '../cluster/client.ts';

const ROOT = new URL('../../', import.meta.url);

/** A file of the project. */
export async function text(path: string): Promise<string> {
  return await readFile(new URL(path, ROOT), 'utf8');
}

/** Every object of a text of YAML. Throws where it is none. */
export function objectsIn(yaml: string): KubeObject[] {
  return parseAllDocuments(yaml).map((document) => {
    if ('errors' in document && document.errors[0] !== undefined) throw document.errors[0];
    return (document as { toJS(): unknown }).toJS() as KubeObject;
  });
}

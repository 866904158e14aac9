import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { KubeClient } from '../cluster/client.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Schema = Readonly<Record<string, Json>>;

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const KINDS = 'x-kubernetes-group-version-kind';

/** As kubeconform asks for a schema: the core group goes by its version. */
export const SCHEMA_FILE = '{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json';

function fileOf({ group, version, kind }: GroupVersionKind): string {
  return `${group === '' ? version : group}_${version}_${kind.toLowerCase()}.json`;
}

/** A schema of OpenAPI as one of JSON Schema that takes no field which it does not know. */
function strict(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(strict);
  if (value === null || typeof value !== 'object') return value;
  const object = value as Schema;
  const inner = Object.fromEntries(
    Object.entries(object).map(([key, field]) => [
      key,
      key === '$ref' && typeof field === 'string'
        ? field.replace('#/components/schemas/', '#/definitions/')
        : strict(field),
    ]),
  );
  const isOpen =
    object['x-kubernetes-preserve-unknown-fields'] === true || object['additionalProperties'] !== undefined;
  const isObject = object['type'] === 'object' && typeof object['properties'] === 'object';
  return isObject && !isOpen ? { ...inner, additionalProperties: false } : inner;
}

/** Writes the schema of every kind that an API server has in these groups, as its OpenAPI tells it. */
export async function writeSchemas(client: KubeClient, groups: readonly string[], folder: string): Promise<void> {
  for (const group of groups) {
    const document = (await client.raw('GET', `/openapi/v3/${group}`)) as {
      readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
    };
    const definitions = strict(document.components.schemas);
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      const [of] = (schema[KINDS] ?? []) as unknown as readonly GroupVersionKind[];
      if (of === undefined) continue;
      const whole = { $ref: `#/definitions/${name}`, definitions };
      await writeFile(join(folder, fileOf(of)), JSON.stringify(whole));
    }
  }
}

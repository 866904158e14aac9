import type { KubeObject } from '../cluster/client.ts';
import { render, type Values } from './helm.ts';

interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly [field: string]: unknown;
}

export interface PodTemplate {
  readonly metadata: { readonly labels: object; readonly annotations: object };
  readonly spec: { readonly containers: readonly Container[]; readonly [field: string]: unknown };
}

/** What was rendered, to be asked. */
export class Release {
  readonly objects: readonly KubeObject[];

  constructor(objects: readonly KubeObject[]) {
    this.objects = objects;
  }

  static async of(helm: string, values: Values, name?: string): Promise<Release> {
    return new Release(await render(helm, values, name));
  }

  /** Of these kinds, or of all, as "Role shop/voteapp-operator". */
  names(...kinds: readonly string[]): string[] {
    return this.objects
      .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
      .map(({ kind, metadata: { name, namespace } }) => [kind, [namespace, name].filter(Boolean).join('/')].join(' '))
      .sort();
  }

  /** The first of a kind, or that of a name. Throws where there is none. */
  the(kind: string, name?: string): KubeObject {
    const found = this.objects.find((one) => one.kind === kind && (name ?? one.metadata.name) === one.metadata.name);
    if (found === undefined) throw new Error(`There is no ${kind} ${name ?? ''} among ${this.names().join(', ')}`);
    return found;
  }

  get pod(): PodTemplate {
    return this.the('Deployment').spec!['template'] as PodTemplate;
  }

  get container(): Container {
    return this.pod.spec.containers[0]!;
  }

  get environment(): Readonly<Record<string, string | undefined>> {
    return Object.fromEntries(this.container.env.map(({ name, value }) => [name, value]));
  }
}

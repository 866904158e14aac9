import { KubeError } from './connection.ts';

/** A kind of object. */
export interface Kind {
  /** As "apps/v1". */
  readonly apiVersion: string;
  readonly kind: string;
}

/** Where the API server serves a kind. */
export interface Resource {
  readonly kind: string;
  /** As "deployments". */
  readonly name: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface Listing {
  readonly resources: readonly Resource[];
}

/** The path below which a group's version is served. */
export function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** What the API server serves, asked once for each group and version. */
export class Discovery {
  readonly #read: (path: string) => Promise<unknown>;
  readonly #known = new Map<string, readonly Resource[]>();

  constructor(read: (path: string) => Promise<unknown>) {
    this.#read = read;
  }

  /** The resources of "apps/v1", without subresources; none where nothing of that group is served. */
  async resources(apiVersion: string): Promise<readonly Resource[]> {
    try {
      const { resources } = (await this.#read(rootOf(apiVersion))) as Listing;
      const served = resources.filter(({ name }) => !name.includes('/'));
      this.#known.set(apiVersion, served);
      return served;
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return [];
      throw error;
    }
  }

  /** Where a kind is served; null when it is not. Asks again when it is unknown. */
  async find({ apiVersion, kind }: Kind): Promise<Resource | null> {
    const ofKind = (resource: Resource) => resource.kind === kind;
    const known = this.#known.get(apiVersion)?.find(ofKind);
    return known ?? (await this.resources(apiVersion)).find(ofKind) ?? null;
  }

  /** Where a kind is served. Throws `KubeError` 404 when it is not. */
  async resource(kind: Kind): Promise<Resource> {
    const found = await this.find(kind);
    if (found !== null) return found;
    const message = `the server serves no ${kind.kind} of ${kind.apiVersion}`;
    throw new KubeError({ code: 404, reason: 'NotFound', message, request: `GET ${rootOf(kind.apiVersion)}` });
  }

  /** Every group's preferred version, as "apps/v1", the core's included. */
  async apiVersions(): Promise<string[]> {
    const { groups } = (await this.#read('/apis')) as { groups: { preferredVersion: { groupVersion: string } }[] };
    return ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  }
}

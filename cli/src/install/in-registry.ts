// As https://pkg.go.dev/github.com/distribution/reference tells a registry from the first folder of a name.
const OWN_REGISTRY = /^(?:localhost|[^/]*[.:][^/]*)\//;

/** An image by its name in another registry; `registry` with a path if need be. As `global.imageRegistry` of the chart. */
export function inRegistry(image: string, registry: string): string {
  return `${registry}/${image.replace(OWN_REGISTRY, '')}`;
}

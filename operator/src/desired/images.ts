import type { Part } from '@voteapp/contracts/cluster-objects';

import { type Context, versionOf } from './context.ts';
import type { ImageName } from './facts.ts';

const SERVICE_IMAGES: ReadonlySet<string> = new Set<ImageName>(['vote', 'worker', 'front']);

/** `registry.example.com/a/vote:1.2.0@sha256:…` in its pieces; the last of them is a tag, a digest or both. */
function pieces(image: string): { path: string; name: string; suffix: string } {
  const [, path = '', name = '', suffix = ''] = /^(.*\/)?([^/:@]+)(.*)$/.exec(image) ?? [];
  return { path, name, suffix };
}

function imageNameOf({ app }: Context, part: Part): ImageName {
  if (part !== 'mysql') return part;
  return app.spec.database?.managed?.engine === 'MariaDB' ? 'mariadb' : 'mysql';
}

function sectionOf({ app: { spec } }: Context, part: Part): { readonly image?: string | undefined } | undefined {
  switch (part) {
    case 'mysql':
      return spec.database?.managed;
    case 'rabbitmq':
      return spec.queue?.rabbitmq;
    default:
      return spec[part];
  }
}

/**
 * The image of a part: the one that it names, or the release's, from the resource's registry. A pinned release has its
 * own tag of the services.
 */
export function imageOf(context: Context, part: Part): string {
  const named = sectionOf(context, part)?.image;
  if (named !== undefined) return named;
  const { release } = context.facts;
  const image = imageNameOf(context, part);
  const { path, name, suffix } = pieces(release.images[image]);
  const registry = context.app.spec.images?.registry;
  const version = versionOf(context);
  const isPinned = version !== release.version && SERVICE_IMAGES.has(image);
  return `${registry === undefined ? path : `${registry}/`}${name}${isPinned ? `:${version}` : suffix}`;
}

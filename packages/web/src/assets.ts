import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { RequestError } from '@voteapp/contracts/errors';
import type { RequestHandler } from 'express';

const SOURCES = {
  'style.css': [new URL('./style.css', import.meta.url), 'text/css; charset=utf-8'],
  'favicon.svg': [new URL('./favicon.svg', import.meta.url), 'image/svg+xml'],
  'vote-page.js': [new URL('./browser/vote-page.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'results-page.js': [new URL('./browser/results-page.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'page.js': [new URL('./browser/page.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'conditions.js': [new URL('./browser/conditions.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'figures.js': [new URL('./browser/figures.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'outcome.js': [new URL('./browser/outcome.js', import.meta.url), 'text/javascript; charset=utf-8'],
} as const;

const ASSETS: ReadonlyMap<string, { readonly type: string; readonly body: Buffer }> = new Map(
  Object.entries(SOURCES).map(([name, [source, type]]) => [name, { type, body: readFileSync(source) }]),
);

// One version for all of them: the scripts import each other by relative addresses.
const VERSION = [...ASSETS.values()]
  .reduce((hash, { body }) => hash.update(body), createHash('sha256'))
  .digest('hex')
  .slice(0, 16);

/** Where {@link serveAsset} is to be mounted. */
export const ASSETS_PATH = '/assets/:version/:name';

/** Address of a style sheet, script or picture of the pages; it changes with the content of any of them. */
export function assetUrl(name: string): string {
  if (!ASSETS.has(name)) throw new Error(`There is no asset "${name}"`);
  return `/assets/${VERSION}/${name}`;
}

/**
 * Serves the assets from memory. During a roll-out a page of another release may ask here for its version: it gets
 * this one's, not to be kept.
 */
export const serveAsset: RequestHandler = (request, response) => {
  const { version, name } = request.params;
  const asset = ASSETS.get(String(name));
  if (asset === undefined) throw new RequestError('not_found');
  response
    .set('content-type', asset.type)
    .set('cache-control', version === VERSION ? 'public, max-age=31536000, immutable' : 'no-cache')
    .send(asset.body);
};

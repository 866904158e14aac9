import type { Request, Response } from 'express';

import type { HiddenFace, RoundView, ShownFace } from './visibility.ts';
import { type Viewer, viewerOf } from './viewer.ts';
import type { FrontDeps } from './deps.ts';

/**
 * Sends JSON with its ETag, or 304 when the client has it. Express's own answer to If-None-Match gives way to the
 * `cache-control: no-cache` that fetch adds to every conditional request.
 */
export function sendTagged(request: Request, response: Response, etag: string, json: string): void {
  response.set({ etag, 'cache-control': 'no-cache' });
  if (matches(request.get('if-none-match'), etag)) response.status(304).end();
  else response.type('json').send(json);
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || opaque(tag) === opaque(etag));
}

export function sendHidden(response: Response, { json }: HiddenFace): void {
  response.status(403).set('cache-control', 'no-cache').type('json').send(json);
}

/** The round that a request asks for, and the face of it that the request may see. */
export async function requestedFace(
  request: Request,
  { view, sessionKey }: Pick<FrontDeps, 'view' | 'sessionKey'>,
): Promise<{ view: RoundView; face: ShownFace | HiddenFace; viewer: Viewer }> {
  const viewer = viewerOf(request, sessionKey);
  const found = await view(viewer.round);
  return { view: found, face: found.faceFor(viewer.proof), viewer };
}

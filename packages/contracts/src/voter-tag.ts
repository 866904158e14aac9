import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

import { mac } from './mac.ts';

/** What a tag stands for; different kinds never collide, so a named voter cannot touch a cookie's vote. */
export type TagKind = 'cookie' | 'named' | 'id';

/** The key of one round, derived by HKDF-SHA-256 (RFC 5869), so that tags of two rounds cannot be linked. */
export function roundTagKey(roundKey: KeyObject, round: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', roundKey, '', `voteapp round ${round}`, 32)));
}

/**
 * First 16 bytes of HMAC-SHA-256(key, kind 0x00 value), in base64url: all that is ever stored of a voter or of a
 * caller's id.
 */
export function tagOf(key: KeyObject, kind: TagKind, value: string): string {
  return mac(key, `${kind}\0${value}`);
}

/** The shard that takes every vote of the voter with this tag. */
export function shardOf(tag: string, shards: number): number {
  return shards === 1 ? 0 : Buffer.from(tag, 'base64url').readUInt32BE(0) % shards;
}

import { createSecretKey } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { roundTagKey, shardOf, tagOf } from './voter-tag.ts';

const roundKey = createSecretKey(Buffer.alloc(32, 7));
const key = roundTagKey(roundKey, 'shop');

describe('a voter’s tag', () => {
  it('is the same for the same voter, and 16 bytes in base64url', () => {
    expect(tagOf(key, 'named', 'ana')).toEqual(tagOf(key, 'named', 'ana'));
    expect(Buffer.from(tagOf(key, 'named', 'ana'), 'base64url')).toHaveLength(16);
  });

  it('tells voters apart that only bytes tell apart', () => {
    const names = ['A', 'a', 'á', 'a ', 'a\u0301'];
    expect(new Set(names.map((name) => tagOf(key, 'named', name))).size).toBe(names.length);
  });

  it('never meets the tag of another kind or of another round', () => {
    const tags = [
      tagOf(key, 'named', 'ana'),
      tagOf(key, 'cookie', 'ana'),
      tagOf(key, 'id', 'ana'),
      tagOf(roundTagKey(roundKey, 'shop2'), 'named', 'ana'),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('spreads voters over the shards', () => {
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 4_000; n += 1) counts[shardOf(tagOf(key, 'named', String(n)), 4)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
  });
});

import { createHmac, createSecretKey } from 'node:crypto';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { mac } from './mac.ts';

test('is the first half of HMAC-SHA-256, for keys and texts of any length', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1, maxLength: 4 }),
      (bytes, texts) => {
        const key = createSecretKey(bytes);
        // With one key one after the other: nothing is left of the text before.
        for (const text of texts) {
          const whole = createHmac('sha256', key).update(text).digest();
          expect(mac(key, text)).toBe(whole.subarray(0, 16).toString('base64url'));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('takes no key that HMAC would have to hash first', () => {
  expect(() => mac(createSecretKey(Buffer.alloc(65)), 'text')).toThrow(RangeError);
});

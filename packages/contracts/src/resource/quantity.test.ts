import { describe, expect, it } from 'vitest';

import { isAtMost, QUANTITY_PATTERN } from './quantity.ts';

describe('a quantity', () => {
  // In rising order.
  const rising = ['0', '0.5m', '1m', '250m', 0.3, '1.001', '1999m', 2, '1k', '1Ki', '1M', '1023Ki', '1Mi', '1G', '1Gi'];

  it.each([...rising, '1T', '999999999999999Ki', '999999999.999Gi', '999999Ti'])('is %s', (quantity) => {
    expect(String(quantity)).toMatch(QUANTITY_PATTERN);
  });

  it.each(['', '-1', '1.', '.5', '1.0001', '1e3', '1GB', '1 Gi', 'Gi', '1Pi', '1000000Ti'])('is not %j', (text) => {
    expect(text).not.toMatch(QUANTITY_PATTERN);
  });

  it('is at most itself and whatever is above it', () => {
    for (const [index, one] of rising.entries()) {
      expect(rising.filter((other) => isAtMost(one, other))).toEqual(rising.slice(index));
    }
  });

  it.each([
    ['1000m', 1],
    ['1024Mi', '1Gi'],
    ['0.5k', '500'],
  ])('of %s is that of %s', (one, other) => {
    expect(isAtMost(one, other) && isAtMost(other, one)).toBe(true);
  });

  it('that is none is left to the pattern', () => {
    expect(isAtMost('nonsense', '0')).toBe(true);
  });
});

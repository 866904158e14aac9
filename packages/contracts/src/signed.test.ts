import { createSecretKey } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  choiceCookieName,
  isReceipt,
  newVoter,
  readChoice,
  readVoter,
  signChoice,
  signReceipt,
  signVoter,
} from './signed.ts';

const key = createSecretKey(Buffer.alloc(32, 1));
const otherKey = createSecretKey(Buffer.alloc(32, 2));
const voter = newVoter();

/** Every value that differs from the signed one in one character. */
function tampered(value: string): string[] {
  return Array.from(
    value,
    (character, at) => value.slice(0, at) + (character === '1' ? '2' : '1') + value.slice(at + 1),
  );
}

describe('the voter cookie', () => {
  it('is read back with the same key only', () => {
    expect(readVoter(key, signVoter(key, voter))).toBe(voter);
    expect(readVoter(otherKey, signVoter(key, voter))).toBeNull();
  });

  it('is refused when any character is changed', () => {
    expect(tampered(signVoter(key, voter)).filter((value) => readVoter(key, value) !== null)).toEqual([]);
  });
});

describe('the choice cookie', () => {
  const choice = { option: 'coca', seq: 7_280_000_000_000_000 };
  const value = signChoice(key, 'shop', voter, choice);

  it('is read back for its voter and round only', () => {
    expect(readChoice(key, 'shop', voter, value)).toEqual(choice);
    expect(readChoice(key, 'other', voter, value)).toBeNull();
    expect(readChoice(key, 'shop', newVoter(), value)).toBeNull();
  });

  it('is refused when any character is changed', () => {
    expect(tampered(value).filter((text) => readChoice(key, 'shop', voter, text) !== null)).toEqual([]);
  });

  it('has a name of its own in every round', () => {
    expect(choiceCookieName('shop')).toMatch(/^voteapp_[0-9a-f]{8}$/);
    expect(choiceCookieName('shop')).not.toBe(choiceCookieName('shop2'));
  });
});

describe('a receipt', () => {
  it('opens its own round only, and is no choice or voter', () => {
    const receipt = signReceipt(key, 'shop', 42);
    expect(isReceipt(key, 'shop', receipt)).toBe(true);
    expect(isReceipt(key, 'other', receipt)).toBe(false);
    expect(tampered(receipt).filter((value) => isReceipt(key, 'shop', value))).toEqual([]);
  });
});

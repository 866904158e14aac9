import { describe, expect, it } from 'vitest';

import { BYTES_PER_STATEMENT, packetsOf, withKeys, withRows } from './statements.ts';

const HALF = Buffer.alloc(BYTES_PER_STATEMENT / 2);

function sizesOf(rows: number, bytes: Buffer | number): number[] {
  const keys = Array.from({ length: rows }, () => [bytes]);
  return withRows('REPLACE INTO t VALUES', keys).map(({ values: [part] }) => (part as unknown[]).length);
}

describe('statements', () => {
  it.each([
    ['no rows take none', 0, 1, []],
    ['few rows take one', 900, 1, [900]],
    ['more rows than one may have take further ones', 1_901, 1, [900, 900, 101]],
    ['no statement is longer than a server takes', 5, HALF, [2, 2, 1]],
    ['a row that is too long goes alone', 2, Buffer.alloc(BYTES_PER_STATEMENT + 1), [1, 1]],
  ])('%s', (_, rows, bytes, sizes) => expect(sizesOf(rows, bytes)).toEqual(sizes));

  it('of keys repeat what comes before the keys', () => {
    const keys = Array.from({ length: 901 }, (_, key) => [key]);
    expect(withKeys('SELECT 1 WHERE round = ? AND key IN', ['r'], keys)).toEqual([
      { sql: 'SELECT 1 WHERE round = ? AND key IN (?)', values: ['r', keys.slice(0, 900)] },
      { sql: 'SELECT 1 WHERE round = ? AND key IN (?)', values: ['r', keys.slice(900)] },
    ]);
  });

  it('go in as few packets as the server takes, in order', () => {
    const statement = (name: string, value: Buffer | string) => ({ sql: name, values: [value, [[value]]] });
    const statements = [
      statement('a', 'short'),
      statement('b', HALF.subarray(0, HALF.length / 2)),
      statement('c', HALF.subarray(0, HALF.length / 2)),
      statement('d', 'short'),
    ];
    expect(packetsOf(statements).map((packet) => packet.map(({ sql }) => sql).join(''))).toEqual(['ab', 'cd']);
    expect(packetsOf([])).toEqual([]);
  });
});

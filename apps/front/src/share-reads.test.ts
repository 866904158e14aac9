import { describe, expect, it } from 'vitest';

import { shareReads } from './share-reads.ts';

function counting() {
  const clock = { now: 1_000 };
  const pending: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const read = shareReads(
    () => new Promise<number>((resolve, reject) => pending.push({ resolve, reject })),
    100,
    () => clock.now,
  );
  return { clock, pending, read };
}

describe('shareReads', () => {
  it('gives one read to all who ask while it is under way, however long it takes', async () => {
    const { clock, pending, read } = counting();
    const first = read(100);
    clock.now += 5_000;
    const second = read(100);
    expect(pending).toHaveLength(1);
    pending[0]?.resolve(7);
    expect(await Promise.all([first, second])).toEqual([7, 7]);
  });

  it('reads again once 100 ms have passed since the last read began', async () => {
    const { clock, pending, read } = counting();
    const first = read(100);
    pending[0]?.resolve(1);
    await first;
    clock.now += 99;
    expect(await read(100)).toBe(1);
    clock.now += 1;
    const next = read(100);
    pending[1]?.resolve(2);
    expect(await next).toBe(2);
  });

  it('answers who takes an older one with the last, and has the next one begin for those who come later', async () => {
    const { clock, pending, read } = counting();
    const first = read(250);
    pending[0]?.resolve(1);
    await first;
    clock.now += 249;
    expect(await read(250)).toBe(1);
    expect(await read(250)).toBe(1);
    expect(pending).toHaveLength(2);
    const newest = read(249);
    pending[1]?.resolve(2);
    expect(await newest).toBe(2);
    expect(await read(250)).toBe(2);
  });

  it('lets everybody wait for the read under way once the last one is too old for all', async () => {
    const { clock, pending, read } = counting();
    const first = read(250);
    pending[0]?.resolve(1);
    await first;
    clock.now += 249;
    expect(await read(250)).toBe(1);
    clock.now += 1;
    const waiting = read(250);
    pending[1]?.resolve(2);
    expect(await waiting).toBe(2);
    expect(pending).toHaveLength(2);
  });

  it('keeps the failure of a read that nobody waits for until somebody asks', async () => {
    const { clock, pending, read } = counting();
    const first = read(250);
    pending[0]?.resolve(1);
    await first;
    clock.now += 100;
    expect(await read(250)).toBe(1);
    pending[1]?.reject(new Error('down'));
    await new Promise(setImmediate);
    await expect(read(250)).rejects.toThrow('down');
    expect(pending).toHaveLength(2);
  });

  it('reads again when the clock was set back', async () => {
    const { clock, pending, read } = counting();
    const first = read(100);
    pending[0]?.resolve(1);
    await first;
    clock.now -= 60_000;
    const next = read(100);
    pending[1]?.resolve(2);
    expect(await next).toBe(2);
  });

  it('shares a failure like a value, and tries again after the same time', async () => {
    const { clock, pending, read } = counting();
    const first = read(100);
    pending[0]?.reject(new Error('down'));
    await expect(first).rejects.toThrow('down');
    await expect(read(100)).rejects.toThrow('down');
    expect(pending).toHaveLength(1);
    clock.now += 100;
    const next = read(100);
    pending[1]?.resolve(3);
    expect(await next).toBe(3);
  });
});

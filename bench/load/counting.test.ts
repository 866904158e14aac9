import { expect, it } from 'vitest';

import { lagsOf, watchCounting } from './counting.ts';

it('a vote lags until the first sample that counts it', () => {
  const samples = [
    { at: 100, counted: 7 },
    { at: 110, counted: 9 },
    { at: 130, counted: 10 },
  ];
  // The first is counted before its answer is here.
  expect([...lagsOf(Float64Array.of(111, 112, 113, 114, 115), samples, 6)]).toEqual([0, 0, 0, 16, Infinity]);
});

it('samples end with the count that was waited for', async () => {
  let counted = 0;
  const samples = await watchCounting(() => Promise.resolve((counted += 1))).until(5);
  expect(samples.map((sample) => sample.counted)).toEqual([1, 2, 3, 4, 5]);
});

it('a store that cannot be asked is told of', async () => {
  await expect(watchCounting(() => Promise.reject(new Error('gone'))).until(1)).rejects.toThrow('gone');
});

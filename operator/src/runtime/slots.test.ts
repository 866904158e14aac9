import { expect, it } from 'vitest';

import { Slots } from './slots.ts';

it('places go round in the order of asking, and past who left', async () => {
  const slots = new Slots(1);
  const free = await slots.take();
  const order: string[] = [];
  const left = new AbortController();
  const leaving = slots.take(left.signal);
  const ask = async (name: string) => {
    const giveBack = await slots.take();
    order.push(name);
    giveBack();
  };
  const all = Promise.all([ask('first'), ask('second'), ask('third')]);
  left.abort(new Error('left'));
  await expect(leaving).rejects.toThrow('left');
  expect(order).toEqual([]);
  free();
  await all;
  expect(order).toEqual(['first', 'second', 'third']);
  (await slots.take())();
});

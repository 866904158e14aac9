import { POLICIES } from '@voteapp/contracts/poll';
import { describe, expect, it, onTestFinished } from 'vitest';

import { RoundRefused, StoreOwnedByOther, StoreUnavailable } from '../port.ts';
import { Bench, NOTHING, OWNER, vote } from './bench.ts';
import { optionList, T0 } from './fixtures.ts';
import type { NewPlace } from './store-place.ts';

export function describeOpening(newPlace: NewPlace): void {
  const ownBench = async () => {
    const bench = await Bench.on(await newPlace());
    onTestFinished(() => bench.end());
    return bench;
  };

  describe('opening', () => {
    it('finds nothing in a new store', async () => {
      const bench = await ownBench();
      const { store } = bench;
      expect(await store.currentDefinition()).toBeNull();
      expect(await store.snapshot('round')).toBeNull();
      expect([await store.rounds(), await store.unfinishedRounds()]).toEqual([[], []]);
      expect([await store.minutes('round'), await store.comments('1')]).toEqual([[], []]);
      const refused = store.addControl({ action: 'close', by: 'pat', reason: '' }, T0);
      await expect(refused).rejects.toThrow(
        new RoundRefused('There is no poll yet: the worker writes it when it starts.'),
      );
      await expect(store.closingState('round')).rejects.toThrow(RoundRefused);
      await store.ping();
    });

    it('refuses another app and changes nothing for its own', async () => {
      const bench = await ownBench();
      await bench.start();
      const before = await bench.store.rounds();
      const other = await bench.place.connect();
      await expect(other.open('test/other')).rejects.toThrow(StoreOwnedByOther);
      await expect(other.open('TEST/CONTRACT')).rejects.toThrow(StoreOwnedByOther);
      await expect(other.rounds()).rejects.toThrow(StoreUnavailable);
      await other.close();
      await bench.reopen();
      await bench.store.open(OWNER);
      expect(await bench.store.rounds()).toEqual(before);
    });

    it('answers nothing before it is opened or after it is closed', async () => {
      const place = await newPlace();
      onTestFinished(() => place.remove());
      const store = await place.connect();
      await expect(store.currentDefinition()).rejects.toThrow(StoreUnavailable);
      await store.close();
      await store.close();
      await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    });

    it.each(POLICIES)('keeps all it was told under %s', async (policy) => {
      const bench = await ownBench();
      const { round } = await bench.start({ policy, options: optionList(3) });
      const votes = { round, votes: [vote(1, 0, 0, 1), vote(1, 1, 1), vote(2, 2, 60_000), null] };
      const conflict = { ...votes, nonce: 'other' };
      await bench.apply(votes, conflict);
      await bench.beat(round, { last: 1 });
      await bench.store.addControl({ action: 'suspend', by: 'pat', reason: 'rain' }, T0);
      await bench.store.addMarker(round, T0);
      await bench.store.writePending(0, 7, T0);
      await bench.store.addComment('1', { email: 'a@example.com', comment: 'good' }, T0);
      const read = async () => {
        const { store } = bench;
        const numbers = [await store.snapshot(round), await store.minutes(round), await store.closingState(round)];
        return [...numbers, await store.rounds(), await store.comments('1')];
      };
      const before = await read();
      await bench.reopen();
      expect(await read()).toEqual(before);
      expect(await bench.apply(conflict, votes)).toEqual(NOTHING);
      expect(await bench.apply({ round, n: 2, votes: [vote(1, 0, 9, 1)] })).toMatchObject({ duplicates: 1 });
      expect((await bench.snapshot(round)).counts).toEqual((before[0] as { counts: unknown }).counts);
    });
  });
}

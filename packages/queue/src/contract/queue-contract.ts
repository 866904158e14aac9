import { afterEach, beforeEach, describe } from 'vitest';

import { describeAcknowledging } from './acknowledging.ts';
import { describeDeclaring } from './declaring.ts';
import { describeDelivering, describeTakes } from './delivering.ts';
import { describeDurability } from './durability.ts';
import { QueueTrial, type QueueUnderTest } from './queue-trial.ts';
import { describeSubscriptions } from './subscriptions.ts';

/**
 * What every driver of `VoteQueue` does, said once. `create` makes a queue that no other test uses. `ordered`: whether
 * it keeps the order of publication, and gives a shard to one subscription at a time.
 */
export function describeQueue(
  name: string,
  create: () => Promise<QueueUnderTest>,
  { ordered = true }: { readonly ordered?: boolean } = {},
): void {
  describe(`${name} is a VoteQueue`, () => {
    const trial = new QueueTrial(create, ordered);
    beforeEach(() => trial.begin());
    afterEach(() => trial.end());

    describe('delivering', () => describeDelivering(trial));
    describe('limits of a take', () => describeTakes(trial));
    describe('durability', () => describeDurability(trial));
    describe('acknowledging', () => describeAcknowledging(trial));
    describe('subscriptions', () => describeSubscriptions(trial));
    describe('declaring and answering', () => describeDeclaring(trial));
  });
}

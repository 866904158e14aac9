import { QUEUE_LIMITS } from '@voteapp/contracts/queue-arguments';
import { wholeUnits } from '@voteapp/contracts/resource/quantity';

import { shownBytes } from './amounts.ts';
import type { Check } from './found.ts';
import { foundIf } from './found.ts';
import { partsAtPeak } from './parts.ts';

const deletion: Check = ({ spec }) =>
  foundIf(spec.deletionPolicy === 'Delete', 'VAP0401', 'spec.deletionPolicy', 'The deletion policy is Delete.');

const queues: Check = (app) => {
  const { shards } = app.spec.poll;
  const most = shards * QUEUE_LIMITS.bytes;
  return partsAtPeak(app).flatMap(({ part, storage, section }) =>
    foundIf(
      part === 'rabbitmq' && storage !== undefined && wholeUnits(storage) < most,
      'VAP0402',
      `${section}.storage.size`,
      `The queues of ${shards} shards may hold ${shownBytes(most)}, and the volume of the broker has ${storage}.`,
    ),
  );
};

export const DATA_CHECKS: readonly Check[] = [deletion, queues];

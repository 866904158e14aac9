import * as z from 'zod';

import { dnsName } from './names.ts';
import { isAtMost, QUANTITY_PATTERN } from './quantity.ts';
import { withRules } from './rule.ts';

/** Size of each volume where the resource does not say. */
export const DEFAULT_STORAGE_SIZE = '10Gi';

const SMALLEST = '1Gi';

export function storage() {
  const size = z.string().max(20).regex(QUANTITY_PATTERN, 'must be a quantity such as 10Gi');
  return z
    .strictObject({
      size: withRules(size, {
        cel: `quantity(self).compareTo(quantity('${SMALLEST}')) >= 0`,
        message: `must be at least ${SMALLEST}`,
        holds: (text) => isAtMost(SMALLEST, text),
      })
        .optional()
        .describe(`Size of each volume; it may grow and never shrinks. Default: ${DEFAULT_STORAGE_SIZE}.`),
      storageClassName: dnsName()
        .optional()
        .describe('StorageClass of the volumes; it stays as it is. Default: that of the cluster.'),
    })
    .optional()
    .describe('The volumes that the data is on.');
}

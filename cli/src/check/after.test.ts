import type { Objects } from '@voteapp/operator/runtime/objects';
import { describe, expect, test } from 'vitest';

import { leaseState } from './after.ts';

const RENEWED_AT = Date.parse('2026-05-01T20:00:00Z');

/** A Lease whose renewals are these, one a look; the last one stays. */
function lease(holderIdentity: string, ...renewals: readonly string[]) {
  let look = 0;
  const get = async () => {
    const renewTime = renewals[Math.min(look, renewals.length - 1)];
    look += 1;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'voteapp-operator' },
      spec: { holderIdentity, leaseDurationSeconds: 5, renewTime },
    };
  };
  return { objects: { get } as unknown as Objects };
}

/** A clock that starts so long after the first renewal, and goes on by two seconds whenever it is asked. */
function clock(afterMs: number) {
  let now = RENEWED_AT + afterMs - 2_000;
  return { now: () => (now += 2_000), signal: new AbortController().signal };
}

const FIRST = '2026-05-01T20:00:00.000000Z';
const SECOND = '2026-05-01T20:00:02.000000Z';

describe('the leader', () => {
  test('is one who renewed its Lease within its time', async () => {
    expect(await leaseState(lease('a', FIRST), 'polls', clock(500))).toEqual({ holder: 'a', isRenewed: true });
  });

  test.each([90_000, -90_000])('is one whose Lease changes, when a clock is off by %d ms', async (ms) => {
    expect(await leaseState(lease('a', FIRST, SECOND), 'polls', clock(ms))).toEqual({ holder: 'a', isRenewed: true });
  });

  test('is none whose Lease stays as it is', async () => {
    expect(await leaseState(lease('a', FIRST), 'polls', clock(90_000))).toEqual({ holder: 'a', isRenewed: false });
  });

  test('is nobody where there is no Lease', async () => {
    const objects = { get: async () => null } as unknown as Objects;
    expect(await leaseState({ objects }, 'polls', clock(0))).toBeNull();
  });
});

import { expect, test } from 'vitest';

import { skewProblem } from './skew.ts';

const CASES: Record<string, readonly [client: string, operator: string | null, says: string | null]> = {
  'the same release goes with itself': ['1.2.0', '1.2.0', null],
  'fixes of a release go together': ['1.2.0', '1.2.9', null],
  'an older operator is to be upgraded': ['1.3.0', '1.2.9', 'upgrade the operator with `voteapp install`'],
  'an older major release is older, whatever its minor': ['2.0.0', '1.9.0', 'upgrade the operator'],
  'a newer operator wants a newer tool': ['1.2.0', '1.10.0', 'take a tool of the operator’s release'],
  'the same build of no release goes with itself': ['dev', 'dev', null],
  'what is no release is to be upgraded': ['1.2.0', 'dev', 'upgrade the operator'],
  'who says nothing is to be upgraded': ['1.2.0', null, 'does not say what release it is'],
};

test.each(Object.entries(CASES))('%s', (_, [client, operator, says]) => {
  const problem = skewProblem(client, operator);
  if (says === null) expect(problem).toBeNull();
  else expect(problem).toContain(says);
});

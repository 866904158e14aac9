import { pollState } from '@voteapp/contracts/definition';
import type { Rounds } from '@voteapp/contracts/http/results';

import type { FrontDeps } from './deps.ts';

/** Every round, oldest first. */
export async function listRounds({
  rounds,
  definition,
  now,
}: Pick<FrontDeps, 'rounds' | 'definition' | 'now'>): Promise<Rounds['rounds']> {
  const [all, current] = await Promise.all([rounds(), definition()]);
  return all.map(({ definition, final }) => ({
    round: definition.round,
    title: definition.title,
    state: pollState(definition, now(), final),
    current: definition.round === current?.round,
  }));
}

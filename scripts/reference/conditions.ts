import { CONDITIONS } from '@voteapp/contracts/resource/conditions';
import { REASONS } from '@voteapp/operator/reconcile/outcome';

import { heading, table } from './tables.ts';

function rows(meanings: Readonly<Record<string, string>>): string[][] {
  return Object.entries(meanings).map(([name, meaning]) => [`\`${name}\``, meaning]);
}

export function conditionsPage(): string {
  const sources = 'packages/contracts/src/resource/conditions.ts and operator/src/reconcile/outcome.ts';
  return `${heading('Conditions and reasons of a VotingApp', sources)}
\`kubectl get votingapp shop -o yaml\` shows the conditions under \`status\`, and
\`kubectl wait --for=condition=Ready votingapp/shop\` waits for one. Each is True, False or Unknown: nothing could be heard
of it. Its message names the object and the cause; its \`observedGeneration\` says which edit it was judged by.

## Conditions

${table(['condition', 'when True'], rows(CONDITIONS))}

## Reasons

Of conditions, and of the events that \`kubectl events --for votingapp/shop\` shows. No other is given.

${table(
  ['reason', 'meaning'],
  rows(REASONS).toSorted(([one = ''], [other = '']) => one.localeCompare(other, 'en')),
)}
`;
}

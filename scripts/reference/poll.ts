import { pollSchema } from '@voteapp/contracts/poll';

import { FIELD_COLUMNS, fieldRows } from './fields.ts';
import { heading, jsonSchema, table } from './tables.ts';

export function pollPage(): string {
  return `${heading('The poll: `spec.poll` of a VotingApp', 'packages/contracts/src/poll.ts')}
${table(FIELD_COLUMNS, fieldRows(jsonSchema(pollSchema), 'spec.poll'))}

Within a round (\`spec.poll.id\`) the policy and the shards stay as they are, and options may only be appended. A new id
starts a new count; the old round stays readable. The other sections of a VotingApp: [votingapp.md](votingapp.md).
`;
}

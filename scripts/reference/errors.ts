import { ERRORS } from '@voteapp/contracts/errors';

import { heading, table } from './tables.ts';

export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, message }]) => [`\`${code}\``, String(status), message]);
  return `${heading('Errors', 'packages/contracts/src/errors.ts')}
A refusal is answered as \`{"error": {"code", "message", "field"?}}\`; the message may say more than the one below. A
503 carries \`Retry-After\`: the vote may or may not have been stored, so send it again (with the same \`id\` where a
second count would matter).

${table(['code', 'status', 'message'], rows)}
`;
}

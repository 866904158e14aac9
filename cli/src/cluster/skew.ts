const RELEASE = /^(\d+)\.(\d+)\.(\d+)/;

/** Below 0: the first release is the earlier one, as far as features go; 0: both have the same; null: one is none. */
function compared(one: string, other: string): number | null {
  const [a, b] = [RELEASE.exec(one), RELEASE.exec(other)];
  if (a === null || b === null) return null;
  return Number(a[1]) - Number(b[1]) || Number(a[2]) - Number(b[2]);
}

/** What is wrong with an operator of that release beside this tool, and what to do; null where they go together. */
export function skewProblem(client: string, operator: string | null): string | null {
  if (operator === null) return 'The operator does not say what release it is: upgrade it with `voteapp install`.';
  const difference = compared(client, operator);
  if (difference === 0 || client === operator) return null;
  const both = `The operator is of release ${operator}, this tool of ${client}`;
  return difference === null || difference > 0
    ? `${both}: upgrade the operator with \`voteapp install\`.`
    : `${both}: take a tool of the operator’s release.`;
}

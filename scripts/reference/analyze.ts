import { CODES, type CodeMeaning } from '@voteapp/cli/analyze/codes';

import { heading, table } from './tables.ts';

/** What the hundreds of the codes are about. */
const SUBJECTS = {
  VAP00: 'The file and the schema',
  VAP01: 'The poll',
  VAP02: 'The pods',
  VAP03: 'The way in and the network',
  VAP04: 'The data',
  VAP05: 'A peak',
} as const;

function section([prefix, title]: readonly [string, string]): string {
  const codes = Object.entries<CodeMeaning>(CODES).filter(([code]) => code.startsWith(prefix));
  const rows = codes.map(([code, { level, title: name, meaning, advice }]) => [
    `\`${code}\``,
    level,
    name,
    meaning,
    advice,
  ]);
  return `## ${title}\n\n${table(['code', 'level', 'found', 'meaning', 'advice'], rows)}`;
}

export function analyzePage(): string {
  return `${heading('What `voteapp analyze` finds', 'cli/src/analyze/codes.ts')}
\`voteapp analyze -f poll.yaml\` asks no cluster. An Error is refused by the API server, or by whatever reads the file; a
Warning or an Info is taken, and may hurt. The exit code is 1 from the level of \`--failure-threshold\` on, which is Error
unless it is named. A code never changes its meaning.

${Object.entries(SUBJECTS).map(section).join('\n\n')}

## Where the figures of a peak come from

\`--peak 25000\` plans with half of what was measured, for another machine is not that one: on two cores that everything
shared, 29,300 votes a second from HTTP to the count for 25 s, a quarter of that over a new connection per vote; and
78,000 votes a second by the one writer of a shard, into a table of ten million rows. They are estimates: rehearse.
`;
}

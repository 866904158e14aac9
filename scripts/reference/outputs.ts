import { analyzeOutput } from '@voteapp/cli/analyze/analyze-output';
import { explainOutput } from '@voteapp/cli/analyze/explain-output';
import { browseOutput } from '@voteapp/cli/browse/browse-output';
import { checkOutput } from '@voteapp/cli/check/check-output';
import { changesOutput } from '@voteapp/cli/install/changes-output';
import { logLineOutput } from '@voteapp/cli/logs/logs-output';
import { onAirOutput } from '@voteapp/cli/on-air/on-air-output';
import { actOutput } from '@voteapp/cli/operations/act-output';
import { statusListOutput, statusOutput } from '@voteapp/cli/status/status-output';
import { tallyOutput } from '@voteapp/cli/tally/tally-output';
import { versionOutput } from '@voteapp/cli/version/version-output';
import { voteOutput } from '@voteapp/cli/vote/vote-output';
import * as z from 'zod';

const SCHEMAS = {
  act: actOutput,
  analyze: analyzeOutput,
  'analyze-explain': explainOutput,
  browse: browseOutput,
  changes: changesOutput,
  check: checkOutput,
  'log-line': logLineOutput,
  poll: onAirOutput,
  status: statusOutput,
  'status-list': statusListOutput,
  tally: tallyOutput,
  version: versionOutput,
  vote: voteOutput,
} as const satisfies Readonly<Record<string, z.ZodType>>;

type SchemaName = keyof typeof SCHEMAS;

function of(schema: SchemaName): string {
  return `[schemas/${schema}.json](schemas/${schema}.json)`;
}

function described(schema: SchemaName): string {
  return `what ${of(schema)} describes`;
}

/** Of what is shown anew whenever it changes. */
const WATCHED = 'with `-w` it is one JSON text a line, each as described, whenever it changes';

/** What commands print with `-o json`, in Markdown. */
const ANSWERS: Readonly<Record<string, string>> = {
  analyze: `${described('analyze')}, and with \`--explain\` ${described('analyze-explain')}`,
  browse: described('browse'),
  check: described('check'),
  create: 'the VotingApp',
  'hibernate on': described('act'),
  'hibernate off': described('act'),
  install: `${described('changes')}, and with \`--generate\` a List of the objects`,
  logs: `lines, each of them ${described('log-line')}`,
  'poll open': described('poll'),
  'poll close': described('poll'),
  'poll suspend': described('poll'),
  'poll resume': described('poll'),
  'reconcile pause': described('act'),
  'reconcile resume': described('act'),
  render: 'a List of the objects',
  restart: described('act'),
  status: `${described('status')}, and with \`-A\` ${described('status-list')}; ${WATCHED}`,
  tally: `${described('tally')}; ${WATCHED}`,
  uninstall: described('changes'),
  version: described('version'),
  vote: described('vote'),
};

/** Says what a command prints with `-o json`, in Markdown. Throws where that is not known here. */
export function jsonAnswer(command: string): string {
  const answer = ANSWERS[command];
  if (answer === undefined) throw new Error(`outputs.ts does not say what "voteapp ${command} -o json" prints`);
  return answer;
}

function schemaFile(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'output' }), null, 2)}\n`;
}

/** A JSON Schema of every answer, by its path in the project. */
export const OUTPUT_SCHEMAS: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries<z.ZodType>(SCHEMAS).map(([name, schema]) => [
    `docs/reference/schemas/${name}.json`,
    () => schemaFile(schema),
  ]),
);

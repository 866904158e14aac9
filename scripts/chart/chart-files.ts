import { readFile } from 'node:fs/promises';

import { OWN_RULES, type PolicyRule, WATCHED_RULES } from '@voteapp/operator/rbac';
import { stringify } from 'yaml';

import { votingAppDefinitionFile } from '../crd/votingapp.ts';
import { POLL_VALUES } from './poll-values.ts';
import { valuesSchema } from './values.ts';
import { type ChartValues, valuesFile, valuesOf, valuesSchemaFile, withValuesTable } from './values-files.ts';

const ROOT = new URL('../../', import.meta.url);
const KUBERNETES = '>=1.33.0-0';
const YAML = { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false } as const;

const OPERATOR = {
  name: 'voteapp',
  description: 'The operator of VotingApps: one resource that runs a prime-time poll.',
  keywords: ['operator', 'poll', 'voting'],
  annotations: { 'artifacthub.io/operator': 'true' },
  values: { schema: valuesOf(valuesSchema), source: 'scripts/chart/values.ts' },
};

const POLL = {
  name: 'voteapp-poll',
  description: 'A poll: one VotingApp, which the operator of the chart voteapp runs.',
  keywords: ['poll', 'voting'],
  annotations: {},
  values: { schema: POLL_VALUES, source: 'scripts/chart/poll-values.ts and the schema of VotingApps' },
};

interface Chart {
  readonly name: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly values: ChartValues;
}

async function chartFile({ name, description, keywords, annotations }: Chart): Promise<string> {
  const { version, license } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as {
    readonly version: string;
    readonly license: string;
  };
  const chart = {
    apiVersion: 'v2',
    name,
    description,
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: KUBERNETES,
    keywords,
    annotations: { 'artifacthub.io/license': license, ...annotations },
  };
  return `# Generated from package.json by \`npm run generate\`; do not edit.\n${stringify(chart, YAML)}`;
}

function rulesFile(rules: readonly PolicyRule[]): string {
  return `# Generated from operator/src/rbac.ts by \`npm run generate\`; do not edit.\n${stringify(rules, YAML)}`;
}

/** What is generated of every chart. */
function filesOf(chart: Chart): Readonly<Record<string, () => string | Promise<string>>> {
  const folder = `charts/${chart.name}`;
  const readme = `${folder}/README.md`;
  return {
    [`${folder}/Chart.yaml`]: () => chartFile(chart),
    [readme]: async () => withValuesTable(await readFile(new URL(readme, ROOT), 'utf8'), chart.values),
    [`${folder}/values.yaml`]: () => valuesFile(chart.values),
    [`${folder}/values.schema.json`]: () => valuesSchemaFile(chart.values),
  };
}

/** What is generated of the charts, by path. */
export const CHART_FILES: Readonly<Record<string, () => string | Promise<string>>> = {
  ...filesOf(OPERATOR),
  ...filesOf(POLL),
  'charts/voteapp/generated/crd.yaml': votingAppDefinitionFile,
  'charts/voteapp/generated/own-rules.yaml': () => rulesFile(OWN_RULES),
  'charts/voteapp/generated/watched-rules.yaml': () => rulesFile(WATCHED_RULES),
};

import { readFile } from 'node:fs/promises';

import { OWN_RULES, type PolicyRule, WATCHED_RULES } from '@voteapp/operator/rbac';
import { stringify } from 'yaml';

import { votingAppDefinitionFile } from '../crd/votingapp.ts';
import { valuesFile, valuesSchemaFile, withValuesTable } from './values-files.ts';

const ROOT = new URL('../../', import.meta.url);
const KUBERNETES = '>=1.33.0-0';
const YAML = { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false } as const;

async function chartFile(): Promise<string> {
  const { version, license } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as {
    readonly version: string;
    readonly license: string;
  };
  const chart = {
    apiVersion: 'v2',
    name: 'voteapp',
    description: 'The operator of VotingApps: one resource that runs a prime-time poll.',
    type: 'application',
    version,
    appVersion: version,
    kubeVersion: KUBERNETES,
    keywords: ['operator', 'poll', 'voting'],
    annotations: { 'artifacthub.io/license': license, 'artifacthub.io/operator': 'true' },
  };
  return `# Generated from package.json by \`npm run generate\`; do not edit.\n${stringify(chart, YAML)}`;
}

function rulesFile(rules: readonly PolicyRule[]): string {
  return `# Generated from operator/src/rbac.ts by \`npm run generate\`; do not edit.\n${stringify(rules, YAML)}`;
}

async function readmeFile(): Promise<string> {
  return withValuesTable(await readFile(new URL('charts/voteapp/README.md', ROOT), 'utf8'));
}

/** What is generated of the chart, by path. */
export const CHART_FILES: Readonly<Record<string, () => string | Promise<string>>> = {
  'charts/voteapp/Chart.yaml': chartFile,
  'charts/voteapp/README.md': readmeFile,
  'charts/voteapp/values.yaml': valuesFile,
  'charts/voteapp/values.schema.json': valuesSchemaFile,
  'charts/voteapp/generated/crd.yaml': votingAppDefinitionFile,
  'charts/voteapp/generated/own-rules.yaml': () => rulesFile(OWN_RULES),
  'charts/voteapp/generated/watched-rules.yaml': () => rulesFile(WATCHED_RULES),
};

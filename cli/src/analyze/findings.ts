import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { KIND } from '@voteapp/contracts/voting-app';

import { parseDocuments, type Place } from '../voting-app-file/documents.ts';
import { shownFile } from '../voting-app-file/source.ts';
import { votingAppsAmong } from '../voting-app-file/voting-apps-in-file.ts';
import type { Finding } from './analyze-output.ts';
import { CODES } from './codes.ts';
import { DATA_CHECKS } from './data-checks.ts';
import { EXPOSURE_CHECKS } from './exposure-checks.ts';
import type { Check, CheckContext, Found } from './found.ts';
import { LEVELS } from './levels.ts';
import { PEAK_CHECK } from './peak-checks.ts';
import { POD_CHECKS } from './pod-checks.ts';
import { POLL_CHECKS } from './poll-checks.ts';
import { schemaFindings } from './schema-findings.ts';

const CHECKS: readonly Check[] = [...POLL_CHECKS, ...POD_CHECKS, ...EXPOSURE_CHECKS, ...DATA_CHECKS, PEAK_CHECK];

/** What there is to say of a resource: what is wrong with it, or else what hurts all the same. */
export function judge(resource: unknown, context: CheckContext): Found[] {
  const parsed = resourceSchema.safeParse(resource);
  if (!parsed.success) return schemaFindings(parsed.error);
  return CHECKS.flatMap((check) => check(parsed.data, context));
}

function shownPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

type Named = NonNullable<Finding['resource']>;

/** What a resource calls itself, as far as that can be read. */
function named(resource: unknown): Named {
  const { metadata } = resource as { readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } };
  const { name, namespace } = metadata ?? {};
  const shown = typeof name === 'string' ? name : '?';
  return { kind: KIND, ...(typeof namespace === 'string' && { namespace }), name: shown };
}

function finding({ code, path, message }: Found, of: { resource?: Named; source?: Finding['source'] }): Finding {
  const { level, title, advice } = CODES[code];
  return { code, level, title, ...of, path: shownPath(path), message, advice };
}

/** The worst first; otherwise in the order that they came in. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((one, other) => LEVELS.indexOf(other.level) - LEVELS.indexOf(one.level));
}

/** Findings on a resource of a cluster. */
export function findingsOnResource(resource: unknown, context: CheckContext): Finding[] {
  return judge(resource, context).map((found) => finding(found, { resource: named(resource) }));
}

/** Findings on the text of a file, each with its place. */
export function findingsOnText(text: string, file: string, context: CheckContext): Finding[] {
  const { documents, problems } = parseDocuments(text);
  const at = ({ line, column }: Place): Finding['source'] => ({ file, line, column });
  const broken = problems.map((problem) => {
    const message = `${shownFile(file)} is not valid YAML: ${problem.message}.`;
    return finding({ code: 'VAP0001', path: [], message }, { source: at(problem) });
  });
  const apps = votingAppsAmong(documents);
  if (apps.length === 0 && broken.length === 0) {
    const message = `${shownFile(file)} has no resource of kind ${KIND}.`;
    return [finding({ code: 'VAP0002', path: [], message }, { source: at({ line: 1, column: 1 }) })];
  }
  const seen = new Set<string>();
  const found = apps.flatMap(({ value, placeOf }) => {
    const resource = named(value);
    const key = `${resource.namespace ?? ''}/${resource.name}`;
    const twice: Found[] = seen.has(key)
      ? [{ code: 'VAP0003', path: ['metadata', 'name'], message: `There are two VotingApps ${resource.name}.` }]
      : [];
    seen.add(key);
    return [...twice, ...judge(value, context)].map((each) =>
      finding(each, { resource, source: at(placeOf(each.path)) }),
    );
  });
  return [...broken, ...found];
}

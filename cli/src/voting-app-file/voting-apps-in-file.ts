import { problemsOf, sentence } from '@voteapp/contracts/problems';
import { resourceSchema, type VotingApp } from '@voteapp/contracts/resource/voting-app';
import { KIND } from '@voteapp/contracts/voting-app';

import { UsageError } from '../exit-codes.ts';
import { parseDocuments, type YamlDocument } from './documents.ts';
import { readSource, shownFile } from './source.ts';

/** The documents that are VotingApps, or are meant to be. */
export function votingAppsAmong(documents: readonly YamlDocument[]): YamlDocument[] {
  return documents.filter(({ value }) => (value as { readonly kind?: unknown }).kind === KIND);
}

/**
 * The VotingApps of a file, of `-` standard input, among whatever else is in it. Throws {@link UsageError} with a sentence
 * per problem and its place, and where there is none.
 */
export async function readVotingApps(file: string): Promise<VotingApp[]> {
  const { documents, problems } = parseDocuments(await readSource(file));
  const shown = shownFile(file);
  const lines = problems.map(({ line, column, message }) => `${shown}:${line}:${column}: not valid YAML: ${message}.`);
  const apps: VotingApp[] = [];
  for (const { value, placeOf } of votingAppsAmong(documents)) {
    const parsed = resourceSchema.safeParse(value);
    if (parsed.success) {
      apps.push(parsed.data);
      continue;
    }
    for (const [index, problem] of problemsOf(parsed.error).entries()) {
      const { line, column } = placeOf(parsed.error.issues[index]?.path ?? []);
      lines.push(`${shown}:${line}:${column}: ${sentence(problem)}.`);
    }
  }
  if (lines.length > 0) throw new UsageError(lines.join('\n'));
  if (apps.length === 0) throw new UsageError(`${shown} has no resource of kind ${KIND}: name a file that has.`);
  return apps;
}

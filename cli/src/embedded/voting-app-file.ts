import { type BasePoll, basePoll } from '@voteapp/contracts/definition';
import type { PollFile } from '@voteapp/contracts/poll-file';
import { problemsOf, sentence } from '@voteapp/contracts/problems';
import { CLUSTER_SECTIONS, KIND, votingAppSchema } from '@voteapp/contracts/voting-app';

import { UsageError } from '../exit-codes.ts';
import { parseDocuments } from '../voting-app-file/documents.ts';
import { readSource } from '../voting-app-file/source.ts';

export interface LoadedVotingApp {
  readonly name: string;
  readonly namespace: string;
  /** As it was written, for the file that the services read. */
  readonly poll: PollFile['poll'];
  readonly base: BasePoll;
  /** Sections that only a cluster acts on. */
  readonly ignored: readonly string[];
}

/** Reads the one VotingApp in a YAML text. Throws {@link UsageError} with a sentence per problem. */
export function parseVotingApp(text: string, file: string): LoadedVotingApp {
  const { documents, problems } = parseDocuments(text);
  const [problem] = problems;
  if (problem !== undefined) {
    throw new UsageError(`${file}:${problem.line}:${problem.column}: not valid YAML: ${problem.message}.`);
  }
  const resources = documents
    .map(({ value }) => value)
    .filter((resource) => (resource as { kind?: unknown }).kind === KIND);
  if (resources.length !== 1) {
    const found = resources.length === 0 ? 'no resource' : `${resources.length} resources`;
    throw new UsageError(`${file}: has ${found} of kind ${KIND}; give it exactly one.`);
  }
  const parsed = votingAppSchema.safeParse(resources[0]);
  if (!parsed.success) {
    throw new UsageError(
      problemsOf(parsed.error)
        .map((problem) => `${file}: ${sentence(problem)}.`)
        .join('\n'),
    );
  }
  const { metadata, spec } = parsed.data;
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
    poll: spec.poll,
    base: basePoll(spec.poll, metadata.name),
    ignored: CLUSTER_SECTIONS.filter((section) => spec[section] !== undefined).map((section) => `spec.${section}`),
  };
}

/** Throws {@link UsageError}. */
export async function readVotingApp(file: string): Promise<LoadedVotingApp> {
  return parseVotingApp(await readSource(file), file);
}

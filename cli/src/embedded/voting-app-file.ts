import { readFile } from 'node:fs/promises';

import { type BasePoll, basePoll } from '@voteapp/contracts/definition';
import type { PollFile } from '@voteapp/contracts/poll-file';
import { problemsOf, sentence } from '@voteapp/contracts/problems';
import { CLUSTER_SECTIONS, KIND, votingAppSchema } from '@voteapp/contracts/voting-app';
import { type Document, parseAllDocuments } from 'yaml';

import { UsageError } from '../exit-codes.ts';

export interface LoadedVotingApp {
  readonly name: string;
  readonly namespace: string;
  /** As it was written, for the file that the services read. */
  readonly poll: PollFile['poll'];
  readonly base: BasePoll;
  /** Sections that only a cluster acts on. */
  readonly ignored: readonly string[];
}

function parseYaml(text: string, file: string): Document[] {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  for (const { errors } of documents) {
    const [error] = errors;
    if (error === undefined) continue;
    const at = error.linePos?.[0];
    const place = at === undefined ? file : `${file}:${at.line}:${at.col}`;
    throw new UsageError(`${place}: not valid YAML: ${error.message.split(/ at line |\n/, 1)[0]}.`);
  }
  return documents;
}

/** Reads the one VotingApp in a YAML text. Throws {@link UsageError} with a sentence per problem. */
export function parseVotingApp(text: string, file: string): LoadedVotingApp {
  const resources = parseYaml(text, file)
    .map((document): unknown => document.toJS())
    .filter((resource) => (resource as { kind?: unknown } | null)?.kind === KIND);
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
  return parseVotingApp(await readText(file), file);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new UsageError(`${file} cannot be read: ${reason}; name a VotingApp file with -f.`, { cause: error });
  }
}

import { parse } from 'yaml';

import type { KubeObject } from '../cluster/client.ts';
import { blocksIn, readPage, sectionOf } from '../tools/document.ts';

const guide = await readPage('docs/gitlab.md');

type Inputs = Readonly<Record<string, string>>;

interface Include {
  readonly project: string;
  readonly ref: string;
  readonly file: string;
  readonly inputs: Inputs;
}

/** What a section of docs/gitlab.md has of YAML. Throws where that is not one block. */
function blockOf(heading: string): unknown {
  const [block, ...more] = blocksIn(sectionOf(guide, heading), 'yaml');
  if (block === undefined || more.length > 0) throw new Error(`The section "${heading}" has not one block of YAML`);
  return parse(block);
}

/** Each row of the table of a section, as its cells. */
export function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, , ...rows] = sectionOf(guide, heading)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

const { include } = blockOf('A pipeline for a poll') as { readonly include: readonly Include[] };

/** The pipeline that the page shows, whose template is a file of the project itself. */
export const PIPELINE = { include: include.map(({ file, inputs }) => ({ local: file, inputs })) };

/** What the page says of one of its jobs. */
export const CHANGED_JOBS = blockOf('What the jobs do') as object;

/** The rights that the page gives to a deployer. */
export const ROLE = blockOf('What a cluster has to allow') as KubeObject;

import { readdir, stat } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';

import { SERVICES, type ServiceName } from '@voteapp/contracts/cluster-objects';
import { DEFINITION_PATH } from '@voteapp/contracts/http/poll';
import { VERSION } from '@voteapp/operator/release';

import { jsonOf } from '../poll/answers.ts';
import type { Poll } from '../poll/poll.ts';
import { seenLocal } from '../status/seen-local.ts';
import type { Collected, Collection } from './collect.ts';

/** What front tells of the poll, by its file. */
const OF_FRONT = { 'definition.yaml': DEFINITION_PATH, 'results.yaml': '/api/results', 'rounds.yaml': '/api/rounds' };

/** The files of a folder by their sizes and times; what is in them, votes and keys, is nobody's business. */
async function listing(folder: string): Promise<object[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(
    files.toSorted().map(async (path) => {
      const { size, mtime } = await stat(path);
      return { file: path.slice(folder.length + 1), bytes: size, changed: mtime.toISOString() };
    }),
  );
}

async function health(poll: Poll, service: ServiceName): Promise<object> {
  const answer = await poll.ask(service, '/readyz');
  return { status: answer.status, body: await jsonOf(answer) };
}

/** What there is to know about a poll of this machine, whose data is in the folder; what cannot be had is missing. */
export async function collectLocal(poll: Poll, folder: string): Promise<Collection> {
  const files: Collected[] = [
    {
      path: 'versions.yaml',
      value: { voteapp: VERSION, node: process.version, system: [process.platform, release()] },
    },
  ];
  const missing: string[] = [];
  const add = async (path: string, ask: () => Promise<Collected>): Promise<void> => {
    try {
      files.push(await ask());
    } catch (error) {
      missing.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const value = async (path: string, ask: () => Promise<unknown>): Promise<void> => {
    await add(path, async () => ({ path, value: await ask() }));
  };
  await value('status.yaml', () => seenLocal(poll));
  for (const [path, route] of Object.entries(OF_FRONT)) {
    await value(path, async () => jsonOf(await poll.ask('front', route)));
  }
  for (const service of SERVICES) {
    await value(`health/${service}.yaml`, () => health(poll, service));
    const path = `metrics/${service}.txt`;
    await add(path, async () => ({ path, text: await (await poll.ask(service, '/metrics')).text() }));
  }
  await value('folder.yaml', () => listing(folder));
  return { files, missing };
}

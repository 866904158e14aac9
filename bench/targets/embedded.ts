import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { Policy } from '@voteapp/contracts/poll';

import { startPoll } from '../../test/tools/voteapp-process.ts';
import { BALLOTS } from '../load/load.ts';
import { optionIds } from '../load/request-writer.ts';
import { countedIn, type Query, tallyOf } from './store-tally.ts';
import { NAMED, type Target } from './target.ts';

const NAME = 'bench';

/** The part of a poll's specification that all targets have in common. */
export function pollOf(policy: Policy): object {
  return { policy, options: optionIds(BALLOTS.options).map((id) => ({ id })) };
}

/** `voteapp up` on free ports: durable votes, counted, in one process. */
export async function startEmbedded(policy: Policy): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-bench-'));
  const file = join(folder, 'votingapp.json');
  const app = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', metadata: { name: NAME } };
  await writeFile(file, JSON.stringify({ ...app, spec: { poll: pollOf(policy) } }));
  const poll = await startPoll(folder, { name: NAME, args: ['-f', file] });
  const database = new DatabaseSync(join(folder, NAME, 'store.db'), { readOnly: true });
  const query: Query = (sql) => Promise.resolve(database.prepare(sql).all());
  return {
    ...NAMED,
    name: `voteapp up, ${policy}`,
    policy,
    port: Number(new URL(poll.urls.vote).port),
    path: '/api/vote',
    parts: { voteapp: [poll.child.pid ?? 0] },
    counted: () => countedIn(query),
    tally: () => tallyOf(query, BALLOTS.options, policy !== 'Unlimited'),
    async stop() {
      database.close();
      await poll.stop();
      await rm(folder, { recursive: true });
    },
  };
}

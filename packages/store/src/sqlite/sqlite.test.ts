import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { describeStore } from '../contract/store-contract.ts';
import { describeModel } from '../contract/store-model.ts';
import type { StorePlace } from '../contract/store-place.ts';
import type { VoteStore } from '../port.ts';
import { SqliteSession } from './session.ts';
import { openSqliteStore } from './store.ts';

async function newPlace(connect: (path: string) => Promise<VoteStore>): Promise<StorePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'voteapp-store-'));
  const path = join(folder, 'store.db');
  return {
    connect: () => connect(path),
    recount(round) {
      const db = new DatabaseSync(path, { readOnly: true });
      const rows = db
        .prepare('SELECT choice, count(*) AS votes FROM votes WHERE round = ? GROUP BY choice ORDER BY choice')
        .all(round) as { choice: number; votes: number }[];
      db.close();
      return Promise.resolve(rows.map(({ choice, votes }) => ({ choice, votes })));
    },
    run(sql) {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
      return Promise.resolve();
    },
    number(sql) {
      const db = new DatabaseSync(path, { readOnly: true });
      const row = db.prepare(sql).get();
      db.close();
      return Promise.resolve(Number(Object.values(row ?? {})[0]));
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** The session without its thread, on which histories would spend most of their time. */
function sameThread(path: string): Promise<VoteStore> {
  const session = new SqliteSession(path);
  const asynchronous = new Proxy(session, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => Reflect.apply(member, target, args) as unknown;
    },
  });
  return Promise.resolve(asynchronous as unknown as VoteStore);
}

describeStore('SQLite', () => newPlace(openSqliteStore));
describeModel('SQLite', () => newPlace(sameThread), 150);

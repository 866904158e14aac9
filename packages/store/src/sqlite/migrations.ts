import { StoreOwnedByOther } from '../port.ts';
import type { Database } from './database.ts';

/**
 * Single statements in order, each applied once; later releases append and never edit. Hot tables name no foreign key:
 * whoever writes them has read the round in the same transaction.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE identity (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     owner TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE rounds (
     round TEXT PRIMARY KEY,
     position INTEGER NOT NULL UNIQUE,
     closes_since INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE definitions (
     version INTEGER PRIMARY KEY,
     round TEXT NOT NULL REFERENCES rounds,
     revision INTEGER NOT NULL,
     base TEXT NOT NULL,
     written_at INTEGER NOT NULL
   ) STRICT`,
  `CREATE INDEX definitions_of_round ON definitions (round, version)`,
  `CREATE TABLE control (
     version INTEGER PRIMARY KEY,
     round TEXT NOT NULL REFERENCES rounds,
     action TEXT NOT NULL,
     holds_from INTEGER NOT NULL,
     written_by TEXT NOT NULL,
     reason TEXT NOT NULL,
     title TEXT,
     written_at INTEGER NOT NULL
   ) STRICT`,
  `CREATE INDEX control_of_round ON control (round, version)`,
  `CREATE TABLE shards (
     round TEXT NOT NULL REFERENCES rounds,
     shard INTEGER NOT NULL,
     accepted INTEGER NOT NULL DEFAULT 0,
     duplicates INTEGER NOT NULL DEFAULT 0,
     rejected INTEGER NOT NULL DEFAULT 0,
     late INTEGER NOT NULL DEFAULT 0,
     log_size INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (round, shard)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE batches (
     round TEXT NOT NULL REFERENCES rounds,
     producer BLOB NOT NULL,
     shard INTEGER NOT NULL,
     n INTEGER NOT NULL,
     log_index INTEGER NOT NULL,
     accepted INTEGER NOT NULL,
     duplicates INTEGER NOT NULL,
     rejected INTEGER NOT NULL,
     digest BLOB NOT NULL,
     body BLOB NOT NULL,
     committed_at INTEGER NOT NULL,
     UNIQUE (round, producer, shard, n),
     UNIQUE (round, shard, log_index)
   ) STRICT`,
  `CREATE TABLE votes (
     round TEXT NOT NULL,
     voter BLOB NOT NULL,
     choice INTEGER NOT NULL,
     seq INTEGER NOT NULL,
     producer BLOB NOT NULL,
     n INTEGER NOT NULL,
     idx INTEGER NOT NULL,
     PRIMARY KEY (round, voter)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE vote_ids (
     round TEXT NOT NULL,
     id BLOB NOT NULL,
     voter BLOB NOT NULL,
     choice INTEGER NOT NULL,
     seq INTEGER NOT NULL,
     PRIMARY KEY (round, id)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE counts (
     round TEXT NOT NULL,
     shard INTEGER NOT NULL,
     choice INTEGER NOT NULL,
     votes INTEGER NOT NULL,
     "cast" INTEGER NOT NULL,
     PRIMARY KEY (round, shard, choice)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE minute_counts (
     round TEXT NOT NULL,
     minute INTEGER NOT NULL,
     shard INTEGER NOT NULL,
     choice INTEGER NOT NULL,
     "cast" INTEGER NOT NULL,
     PRIMARY KEY (round, minute, shard, choice)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE rejected (
     digest BLOB NOT NULL,
     idx INTEGER NOT NULL,
     round TEXT,
     shard INTEGER NOT NULL,
     producer BLOB,
     n INTEGER,
     reason TEXT NOT NULL,
     detail TEXT NOT NULL,
     entries INTEGER NOT NULL,
     body BLOB,
     rejected_at INTEGER NOT NULL,
     UNIQUE (digest, idx)
   ) STRICT`,
  `CREATE INDEX rejected_batches ON rejected (round, producer, shard, n) WHERE idx = -1`,
  `CREATE TABLE beats (
     round TEXT NOT NULL REFERENCES rounds,
     producer BLOB NOT NULL,
     shard INTEGER NOT NULL,
     beat INTEGER NOT NULL,
     def INTEGER NOT NULL,
     last INTEGER NOT NULL,
     clock INTEGER NOT NULL,
     closed INTEGER NOT NULL,
     refused TEXT NOT NULL,
     committed_at INTEGER NOT NULL,
     retired_at INTEGER,
     PRIMARY KEY (round, producer, shard)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE markers (
     round TEXT NOT NULL REFERENCES rounds,
     marker INTEGER NOT NULL,
     written_at INTEGER NOT NULL,
     PRIMARY KEY (round, marker)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE marker_commits (
     round TEXT NOT NULL REFERENCES rounds,
     marker INTEGER NOT NULL,
     shard INTEGER NOT NULL,
     PRIMARY KEY (round, marker, shard)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE finals (
     round TEXT NOT NULL REFERENCES rounds,
     version INTEGER NOT NULL,
     tally TEXT NOT NULL,
     reason TEXT,
     final_at INTEGER NOT NULL,
     PRIMARY KEY (round, version)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE pending (
     shard INTEGER PRIMARY KEY,
     votes INTEGER NOT NULL,
     written_at INTEGER NOT NULL
   ) STRICT`,
  `CREATE TABLE comments (
     id INTEGER PRIMARY KEY,
     content_id TEXT NOT NULL,
     email TEXT NOT NULL,
     comment TEXT NOT NULL,
     written_at INTEGER NOT NULL
   ) STRICT`,
  `CREATE INDEX comments_of_content ON comments (content_id, id)`,
  `CREATE TABLE purges (
     round TEXT PRIMARY KEY
   ) STRICT, WITHOUT ROWID`,
];

function ownerOf(db: Database): string | null {
  const table = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identity'`).get();
  if (table === undefined) return null;
  const row = db.prepare('SELECT owner FROM identity').get() as { owner: string } | undefined;
  return row?.owner ?? null;
}

/**
 * Applies the statements that are missing, each in a transaction with its number, and ties the tables to `owner`.
 * Throws {@link StoreOwnedByOther} before anything is changed.
 */
export function migrate(db: Database, owner: string, migrations: readonly string[] = MIGRATIONS): void {
  const refuseOther = (): void => {
    const stored = ownerOf(db);
    if (stored !== null && stored !== owner) {
      throw new StoreOwnedByOther(`The database belongs to ${stored}, not to ${owner}.`);
    }
  };
  db.read(refuseOther);
  db.run('CREATE TABLE IF NOT EXISTS schema_version (step INTEGER PRIMARY KEY) STRICT');
  migrations.forEach((statement, step) => {
    db.write(() => {
      if (db.prepare('SELECT 1 FROM schema_version WHERE step = ?').get(step) !== undefined) return;
      db.run(statement);
      db.run('INSERT INTO schema_version (step) VALUES (?)', step);
    });
  });
  db.write(() => {
    refuseOther();
    db.run('INSERT INTO identity (id, owner) VALUES (1, ?) ON CONFLICT (id) DO NOTHING', owner);
  });
}

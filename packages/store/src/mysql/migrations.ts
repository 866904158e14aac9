import { createHash } from 'node:crypto';

import { StoreOwnedByOther } from '../port.ts';
import { MySqlUnavailable } from './errors.ts';
import type { Session } from './session.ts';

export interface Migration {
  /** What the statement makes: tells whether it was done by a worker that did not live to note it. */
  readonly table: string;
  readonly statement: string;
}

// Names are compared by their bytes: the binary collations of character columns ignore spaces at the end. Round names
// have at most 40 letters; only what is set aside may carry longer ones, cut.
const ROUND = 'round VARBINARY(64)';
const OPTIONS = 'ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

function table(name: string, ...parts: readonly string[]): Migration {
  return { table: name, statement: `CREATE TABLE ${name} (\n  ${parts.join(',\n  ')}\n) ${OPTIONS}` };
}

/**
 * Single statements in order, each applied once; later releases append and never edit. No foreign keys: they would lock
 * the round's row for every write, and whoever writes has read the round in the same transaction. Numbers that come out
 * of messages may be any safe integer.
 */
export const MIGRATIONS: readonly Migration[] = [
  table(
    'identity',
    'id TINYINT NOT NULL PRIMARY KEY',
    'owner VARBINARY(255) NOT NULL',
    'turn BIGINT NOT NULL DEFAULT 0',
  ),
  table(
    'rounds',
    `${ROUND} NOT NULL PRIMARY KEY`,
    'position INT NOT NULL',
    'closes_since BIGINT NOT NULL',
    'UNIQUE KEY rounds_in_order (position)',
  ),
  table(
    'definitions',
    'version BIGINT NOT NULL PRIMARY KEY',
    `${ROUND} NOT NULL`,
    'revision BIGINT NOT NULL',
    'base MEDIUMTEXT NOT NULL',
    'written_at BIGINT NOT NULL',
    'KEY definitions_of_round (round, version)',
  ),
  table(
    'control',
    'version BIGINT NOT NULL PRIMARY KEY',
    `${ROUND} NOT NULL`,
    'action VARCHAR(16) NOT NULL',
    'holds_from BIGINT NOT NULL',
    'written_by TEXT NOT NULL',
    'reason TEXT NOT NULL',
    'title TEXT',
    'written_at BIGINT NOT NULL',
    'KEY control_of_round (round, version)',
  ),
  table(
    'shards',
    `${ROUND} NOT NULL`,
    'shard INT NOT NULL',
    'turn BIGINT NOT NULL DEFAULT 0',
    'accepted BIGINT NOT NULL DEFAULT 0',
    'duplicates BIGINT NOT NULL DEFAULT 0',
    'rejected BIGINT NOT NULL DEFAULT 0',
    'late BIGINT NOT NULL DEFAULT 0',
    'log_size BIGINT NOT NULL DEFAULT 0',
    'PRIMARY KEY (round, shard)',
  ),
  table(
    'batches',
    `${ROUND} NOT NULL`,
    'producer BINARY(8) NOT NULL',
    'shard INT NOT NULL',
    'n BIGINT NOT NULL',
    'log_index BIGINT NOT NULL',
    'accepted INT NOT NULL',
    'duplicates INT NOT NULL',
    'rejected INT NOT NULL',
    'digest BINARY(32) NOT NULL',
    'body MEDIUMBLOB NOT NULL',
    'committed_at BIGINT NOT NULL',
    'PRIMARY KEY (round, shard, log_index)',
    'UNIQUE KEY batches_by_name (round, producer, shard, n)',
  ),
  table(
    'votes',
    `${ROUND} NOT NULL`,
    'voter BINARY(16) NOT NULL',
    'choice TINYINT UNSIGNED NOT NULL',
    'seq BIGINT NOT NULL',
    'producer BINARY(8) NOT NULL',
    'n BIGINT NOT NULL',
    'idx INT NOT NULL',
    'PRIMARY KEY (round, voter)',
  ),
  table(
    'vote_ids',
    `${ROUND} NOT NULL`,
    'id BINARY(16) NOT NULL',
    'voter BINARY(16) NOT NULL',
    'choice TINYINT UNSIGNED NOT NULL',
    'seq BIGINT NOT NULL',
    'PRIMARY KEY (round, id)',
  ),
  table(
    'counts',
    `${ROUND} NOT NULL`,
    'shard INT NOT NULL',
    'choice TINYINT UNSIGNED NOT NULL',
    'votes BIGINT NOT NULL',
    '`cast` BIGINT NOT NULL',
    'PRIMARY KEY (round, shard, choice)',
  ),
  table(
    'minute_counts',
    `${ROUND} NOT NULL`,
    'minute INT NOT NULL',
    'shard INT NOT NULL',
    'choice TINYINT UNSIGNED NOT NULL',
    '`cast` BIGINT NOT NULL',
    'PRIMARY KEY (round, minute, shard, choice)',
  ),
  table(
    'rejected',
    'digest BINARY(32) NOT NULL',
    'idx INT NOT NULL',
    ROUND,
    'shard BIGINT NOT NULL',
    'producer BINARY(8)',
    'n BIGINT',
    'reason VARCHAR(32) NOT NULL',
    'detail TEXT NOT NULL',
    'entries INT NOT NULL',
    'body MEDIUMBLOB',
    'rejected_at BIGINT NOT NULL',
    'PRIMARY KEY (digest, idx)',
    'KEY rejected_batches (round, producer, shard, idx, n)',
  ),
  table(
    'beats',
    `${ROUND} NOT NULL`,
    'producer BINARY(8) NOT NULL',
    'shard INT NOT NULL',
    'beat BIGINT NOT NULL',
    'def BIGINT NOT NULL',
    'last BIGINT NOT NULL',
    'clock BIGINT NOT NULL',
    'closed TINYINT NOT NULL',
    'refused MEDIUMTEXT NOT NULL',
    'committed_at BIGINT NOT NULL',
    'retired_at BIGINT',
    'PRIMARY KEY (round, producer, shard)',
  ),
  table(
    'markers',
    `${ROUND} NOT NULL`,
    'marker BIGINT NOT NULL',
    'written_at BIGINT NOT NULL',
    'PRIMARY KEY (round, marker)',
  ),
  table(
    'marker_commits',
    `${ROUND} NOT NULL`,
    'marker BIGINT NOT NULL',
    'shard INT NOT NULL',
    'PRIMARY KEY (round, marker, shard)',
  ),
  table(
    'finals',
    `${ROUND} NOT NULL`,
    'version INT NOT NULL',
    'tally MEDIUMTEXT NOT NULL',
    'reason TEXT',
    'final_at BIGINT NOT NULL',
    'PRIMARY KEY (round, version)',
  ),
  table('pending', 'shard INT NOT NULL PRIMARY KEY', 'votes BIGINT NOT NULL', 'written_at BIGINT NOT NULL'),
  table(
    'comments',
    'id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
    'content_id VARBINARY(255) NOT NULL',
    'email TEXT NOT NULL',
    'comment TEXT NOT NULL',
    'written_at BIGINT NOT NULL',
    'KEY comments_of_content (content_id, id)',
  ),
  table('purges', `${ROUND} NOT NULL PRIMARY KEY`),
];

const VERSIONS = table('schema_version', 'step INT NOT NULL PRIMARY KEY');

/** Below the time that a statement may take. */
const LOCK_WAIT_S = 3;

/** Statements over large tables take their time. */
const STATEMENT_LIMIT_MS = 3_600_000;

async function exists(session: Session, name: string): Promise<boolean> {
  const rows = await session.rows(
    'SELECT 1 AS found FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?',
    [name],
  );
  return rows.length > 0;
}

async function ensure(session: Session, { table: name, statement }: Migration): Promise<void> {
  if (!(await exists(session, name))) await session.run(statement, [], STATEMENT_LIMIT_MS);
}

async function ownerOf(session: Session): Promise<string | null> {
  if (!(await exists(session, 'identity'))) return null;
  const [row] = await session.rows<{ owner: Buffer }>('SELECT owner FROM identity');
  return row === undefined ? null : row.owner.toString();
}

/** Lets one worker at a time through, on all servers of which names of locks are known to each other. */
async function underLock(session: Session, work: () => Promise<void>): Promise<void> {
  const [schema] = await session.rows<{ name: string }>('SELECT DATABASE() AS name');
  // Names of locks belong to the whole server and end at 64 characters, as those of schemas do.
  const hash = createHash('sha256')
    .update(schema?.name ?? '')
    .digest('hex');
  const lock = `voteapp ${hash.slice(0, 32)}`;
  const [got] = await session.rows<{ locked: number | null }>(`SELECT GET_LOCK(?, ${LOCK_WAIT_S}) AS locked`, [lock]);
  if (got?.locked !== 1) throw new MySqlUnavailable('MIGRATING', 'Another worker is changing the tables.');
  try {
    await work();
  } finally {
    // A connection that is lost has let go of it.
    if (session.usable) await session.rows('SELECT RELEASE_LOCK(?)', [lock]);
  }
}

/**
 * Applies the statements that are missing and ties the tables to `owner`. A worker may end anywhere in it: the next one
 * goes on from there. Rejects with {@link StoreOwnedByOther} before anything is changed.
 */
export async function migrate(
  session: Session,
  owner: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await underLock(session, async () => {
    const stored = await ownerOf(session);
    if (stored !== null && stored !== owner) {
      throw new StoreOwnedByOther(`The database belongs to ${stored}, not to ${owner}.`);
    }
    await ensure(session, VERSIONS);
    const applied = await session.rows<{ step: number }>('SELECT step FROM schema_version');
    const steps = new Set(applied.map(({ step }) => step));
    for (const [step, migration] of migrations.entries()) {
      if (steps.has(step)) continue;
      await ensure(session, migration);
      await session.run('INSERT INTO schema_version (step) VALUES (?)', [step]);
    }
    if (stored === null) await session.run('INSERT INTO identity (id, owner) VALUES (1, ?)', [owner]);
  });
}

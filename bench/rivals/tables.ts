import type { BenchDatabase } from '../targets/database.ts';

/** What a rival keeps in MySQL, with the names and columns that ours has, as far as it has them. */
const TABLES = [
  'CREATE TABLE votes (voter VARBINARY(64) NOT NULL PRIMARY KEY, choice TINYINT UNSIGNED NOT NULL)',
  'CREATE TABLE counts (choice TINYINT UNSIGNED NOT NULL PRIMARY KEY, votes BIGINT NOT NULL, `cast` BIGINT NOT NULL)',
  // It sets nothing aside, and knows no ids.
  'CREATE VIEW rejected AS SELECT 0 AS entries',
  'CREATE VIEW shards AS SELECT 0 AS duplicates',
];

export async function createTables({ connection }: BenchDatabase, options: number): Promise<void> {
  for (const table of TABLES) await connection.query(table);
  const zeros = Array.from({ length: options }, (_, choice) => [choice, 0, 0]);
  await connection.query('INSERT INTO counts (choice, votes, `cast`) VALUES ?', [zeros]);
}

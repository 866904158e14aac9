import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createPool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';

import { type RivalOptions, rivalOptions } from '../options.ts';

// As fast as it gets without a queue: while one transaction is under way the next one collects. It is down whenever the
// database is.
const { mysql, options } = await rivalOptions<Pick<RivalOptions, 'mysql' | 'options'>>();
const MAX_BATCH = 2_000;
const database = await createPool({ ...mysql, connectionLimit: 1 }).getConnection();

interface Waiting {
  readonly voter: string;
  readonly choice: number;
  readonly response: ServerResponse;
}

let waiting: Waiting[] = [];
let isCommitting = false;

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

async function write(connection: PoolConnection, batch: readonly Waiting[]): Promise<void> {
  const last = new Map(batch.map(({ voter, choice }) => [voter, choice]));
  const voters = [...last.keys()].sort();
  const [known] = await connection.query<(RowDataPacket & { voter: Buffer; choice: number })[]>(
    'SELECT voter, choice FROM votes WHERE voter IN (?) FOR UPDATE',
    [voters],
  );
  const votes = options.map(() => 0);
  const cast = options.map(() => 0);
  const add = (counts: number[], choice: number, change: number): number =>
    (counts[choice] = (counts[choice] ?? 0) + change);
  for (const { choice } of known) add(votes, choice, -1);
  for (const choice of last.values()) add(votes, choice, 1);
  for (const { choice } of batch) add(cast, choice, 1);
  await connection.query('REPLACE INTO votes (voter, choice) VALUES ?', [
    voters.map((voter) => [voter, last.get(voter)]),
  ]);
  for (const choice of options.keys()) {
    await connection.query('UPDATE counts SET votes = votes + ?, `cast` = `cast` + ? WHERE choice = ?', [
      votes[choice],
      cast[choice],
      choice,
    ]);
  }
}

async function commit(): Promise<void> {
  if (isCommitting) return;
  isCommitting = true;
  while (waiting.length > 0) {
    const batch = waiting.splice(0, MAX_BATCH);
    try {
      await database.beginTransaction();
      await write(database, batch);
      await database.commit();
      for (const { response } of batch) answer(response, 202, '{"status":"accepted"}');
    } catch {
      await database.rollback().catch(() => {});
      for (const { response } of batch) answer(response, 503, '{"error":"try again"}');
    }
  }
  isCommitting = false;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { voter, option } = JSON.parse(Buffer.concat(chunks).toString()) as { voter?: unknown; option?: unknown };
    const choice = options.indexOf(String(option));
    if (typeof voter !== 'string' || choice < 0) {
      answer(response, 400, '{"error":"invalid vote"}');
      return;
    }
    waiting.push({ voter, choice, response });
    // After the other requests of this turn have joined.
    if (!isCommitting && waiting.length === 1) setImmediate(() => void commit());
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

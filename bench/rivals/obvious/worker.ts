import { connect } from 'amqplib';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

import { type RivalOptions, rivalOptions } from '../options.ts';
import { QUEUE } from './queue.ts';

// The worker of the obvious design: one vote at a time, each in a transaction of its own.
const { amqp, mysql, options } = await rivalOptions<RivalOptions>();
const database = await createConnection(mysql);
const connection = await connect(amqp, { noDelay: true });
const channel = await connection.createChannel();
await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await channel.prefetch(1);

async function count(voter: string, choice: number): Promise<void> {
  await database.beginTransaction();
  const [rows] = await database.execute<(RowDataPacket & { choice: number })[]>(
    'SELECT choice FROM votes WHERE voter = ? FOR UPDATE',
    [voter],
  );
  const before = rows[0]?.choice;
  if (before !== undefined) await database.execute('UPDATE counts SET votes = votes - 1 WHERE choice = ?', [before]);
  await database.execute('REPLACE INTO votes (voter, choice) VALUES (?, ?)', [voter, choice]);
  await database.execute('UPDATE counts SET votes = votes + 1, `cast` = `cast` + 1 WHERE choice = ?', [choice]);
  await database.commit();
}

await channel.consume(QUEUE, (message) => {
  if (message === null) return;
  const { voter, option } = JSON.parse(message.content.toString()) as { voter: string; option: string };
  void count(voter, options.indexOf(option)).then(() => channel.ack(message));
});
// It listens nowhere.
process.send?.(0);

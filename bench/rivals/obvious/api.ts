import type { AddressInfo } from 'node:net';

import { connect } from 'amqplib';
import express from 'express';

import { type RivalOptions, rivalOptions } from '../options.ts';
import { QUEUE } from './queue.ts';

// The API of the obvious design: a message for each vote, answered when the broker has it on disk. Fairer than most of
// its kind, which do not wait for that, and leave Nagle's algorithm on.
const { amqp, options } = await rivalOptions<RivalOptions>();
const connection = await connect(amqp, { noDelay: true });
const channel = await connection.createConfirmChannel();
await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });

const app = express();
app.use(express.json());
app.post('/vote', (request, response) => {
  const { voter, option } = request.body as { voter?: unknown; option?: unknown };
  if (typeof voter !== 'string' || typeof option !== 'string' || !options.includes(option)) {
    response.status(400).json({ error: 'invalid vote' });
    return;
  }
  const message = Buffer.from(JSON.stringify({ voter, option }));
  channel.sendToQueue(QUEUE, message, { persistent: true }, (error) => {
    if (error === null) response.status(202).json({ status: 'accepted' });
    else response.status(503).json({ error: 'try again' });
  });
});
const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

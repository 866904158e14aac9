import * as z from 'zod';

import { authorities, flag, port } from './shared.ts';

/** Where the queue is: read by vote and worker. */
export const queueEnv = {
  QUEUE_TYPE: z.enum(['RabbitMQ']).default('RabbitMQ').describe('Which queue carries the votes.'),
  RABBITMQ_HOST: z.string().min(1).describe('Host of RabbitMQ.'),
  RABBITMQ_PORT: port.default(5672).describe('Its AMQP port.'),
  RABBITMQ_USER: z.string().min(1).default('voteapp').describe('User of the services.'),
  RABBITMQ_PASSWORD: z.string().min(1).describe('Password of that user.'),
  RABBITMQ_VHOST: z.string().min(1).default('/').describe('Virtual host of the queues.'),
  RABBITMQ_TLS: flag.describe('Whether the connection is encrypted and the server’s certificate verified.'),
  RABBITMQ_CA: authorities,
};

const queueConfig = z.object(queueEnv);
export type QueueConfig = z.output<typeof queueConfig>;

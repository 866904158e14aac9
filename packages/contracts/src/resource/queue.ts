import * as z from 'zod';

import { clientTls, loginSecret } from './connection.ts';
import { dnsName, host, tcpPort } from './names.ts';
import { podFields } from './pods.ts';
import { memberRules, withRules } from './rule.ts';
import { storage } from './storage.ts';

export const QUEUE_TYPES = ['RabbitMQ', 'ExternalRabbitMQ', 'RabbitmqCluster'] as const;
export const DEFAULT_AMQP_PORT = { plain: 5672, tls: 5671 } as const;
export const DEFAULT_VHOST = '/';

export type QueueType = (typeof QUEUE_TYPES)[number];

function vhost() {
  return z
    .string()
    .min(1)
    .max(255)
    .regex(/^[!-~]+$/, 'must be visible ASCII characters')
    .optional()
    .describe(`Virtual host that the queues are in. Default: ${DEFAULT_VHOST}.`);
}

const rabbitmq = z
  .strictObject({
    replicas: z
      .literal([1, 3])
      .optional()
      .describe('Nodes: 1, or 3 of which any one may be lost. It may grow and never shrinks. Default: 1.'),
    ...podFields('RabbitMQ, 4.1 or later'),
    storage: storage(),
  })
  .optional()
  .describe('A RabbitMQ that the operator runs; with type RabbitMQ.');

const externalRabbitmq = z
  .strictObject({
    host: host().describe('Host name or address of the server.'),
    port: tcpPort()
      .optional()
      .describe(`AMQP port of the server. Default: ${DEFAULT_AMQP_PORT.plain}, with TLS ${DEFAULT_AMQP_PORT.tls}.`),
    vhost: vhost(),
    secretRef: loginSecret('RabbitMQ'),
    tls: clientTls(),
  })
  .optional()
  .describe('A RabbitMQ server, 4.1 or later, that somebody else runs; with type ExternalRabbitMQ.');

const rabbitmqCluster = z
  .strictObject({
    name: dnsName().describe('Name of the RabbitmqCluster, in the namespace of this resource.'),
    vhost: vhost(),
    tls: clientTls(),
  })
  .optional()
  .describe('A RabbitmqCluster of the RabbitMQ cluster operator; with type RabbitmqCluster.');

export const queueSchema = withRules(
  z.strictObject({
    type: z
      .enum(QUEUE_TYPES)
      .describe('What carries the votes and who runs it. It stays as it is, for accepted votes may wait in the queue.'),
    rabbitmq,
    externalRabbitmq,
    rabbitmqCluster,
  }),
  ...memberRules<QueueType>({
    RabbitMQ: { member: 'rabbitmq', required: false },
    ExternalRabbitMQ: { member: 'externalRabbitmq', required: true },
    RabbitmqCluster: { member: 'rabbitmqCluster', required: true },
  }),
).describe('Where accepted votes wait to be counted. Default: a RabbitMQ of one node.');

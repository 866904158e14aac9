import * as z from 'zod';

import { accessKeySecret, clientTls, loginSecret } from './connection.ts';
import { annotations, dnsName, host, serverUrl, tcpPort } from './names.ts';
import { podFields } from './pods.ts';
import { memberRules, withRules } from './rule.ts';
import { storage } from './storage.ts';

export const QUEUE_TYPES = ['RabbitMQ', 'ExternalRabbitMQ', 'RabbitmqCluster', 'SQS'] as const;
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

const sqsSection = withRules(
  z.strictObject({
    region: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a region such as eu-west-1')
      .describe('Region of the queues.'),
    endpoint: serverUrl()
      .optional()
      .describe(
        'Address of a server that speaks as SQS does, or of an interface endpoint of a VPC. Default: that of SQS in the region.',
      ),
    secretRef: accessKeySecret().optional(),
    serviceAccountAnnotations: annotations()
      .optional()
      .describe(
        'Annotations of the ServiceAccounts of vote and worker, as eks.amazonaws.com/role-arn, by which IRSA gives their pods a role.',
      ),
  }),
  {
    at: 'serviceAccountAnnotations',
    cel: '!has(self.serviceAccountAnnotations) || !has(self.secretRef)',
    message: 'must be absent with secretRef, whose key would be used instead',
    holds: ({ serviceAccountAnnotations, secretRef }) =>
      serviceAccountAnnotations === undefined || secretRef === undefined,
  },
).describe('Standard queues of Amazon SQS, which the services make where they are not there; with type SQS.');

export type SqsSection = z.output<typeof sqsSection>;

export const queueSchema = withRules(
  z.strictObject({
    type: z
      .enum(QUEUE_TYPES)
      .describe('What carries the votes and who runs it. It stays as it is, for accepted votes may wait in the queue.'),
    rabbitmq,
    externalRabbitmq,
    rabbitmqCluster,
    sqs: sqsSection.optional(),
  }),
  ...memberRules<QueueType>({
    RabbitMQ: { member: 'rabbitmq', required: false },
    ExternalRabbitMQ: { member: 'externalRabbitmq', required: true },
    RabbitmqCluster: { member: 'rabbitmqCluster', required: true },
    SQS: { member: 'sqs', required: true },
  }),
).describe('Where accepted votes wait to be counted. Default: a RabbitMQ of one node.');

import * as z from 'zod';

import { authorities, flag, port } from './shared.ts';

/** Where the queue is: read by vote and worker. {@link withQueue} says what each type of queue needs. */
export const queueEnv = {
  QUEUE_TYPE: z.enum(['RabbitMQ', 'SQS']).default('RabbitMQ').describe('Which queue carries the votes.'),
  RABBITMQ_HOST: z.string().default('').describe('Host of RabbitMQ; required with QUEUE_TYPE RabbitMQ.'),
  RABBITMQ_PORT: port.default(5672).describe('Its AMQP port.'),
  RABBITMQ_USER: z.string().min(1).default('voteapp').describe('User of the services.'),
  RABBITMQ_PASSWORD: z.string().default('').describe('Password of that user; required with QUEUE_TYPE RabbitMQ.'),
  RABBITMQ_VHOST: z.string().min(1).default('/').describe('Virtual host of the queues.'),
  RABBITMQ_TLS: flag.describe('Whether the connection is encrypted and the server’s certificate verified.'),
  RABBITMQ_CA: authorities,
  AWS_REGION: z.string().default('').describe('Region of the SQS queues; required with QUEUE_TYPE SQS.'),
  AWS_ACCESS_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Id of the access key for SQS. Absent: what the AWS SDK finds, such as the identity of the pod.'),
  AWS_SECRET_KEY: z.string().min(1).optional().describe('Secret of that access key.'),
  AWS_ENDPOINT_URL_SQS: z
    .url()
    .optional()
    .describe('Address of a server that speaks as SQS does. Absent: that of AWS in the region.'),
};

const queueConfig = z.object(queueEnv);
export type QueueConfig = z.output<typeof queueConfig>;

/** What has to be there with which type. */
const REQUIRED = new Map<string | undefined, readonly (keyof QueueConfig)[]>([
  ['RabbitMQ', ['RABBITMQ_HOST', 'RABBITMQ_PASSWORD']],
  ['SQS', ['AWS_REGION']],
]);

/** A process whose environment has {@link queueEnv} in it, checked for what its type of queue needs. */
export function withQueue<Shape extends typeof queueEnv>(schema: z.ZodObject<Shape>): z.ZodObject<Shape> {
  return schema.superRefine(
    (env, context) => {
      const values = env as Partial<QueueConfig>;
      const complain = (name: keyof QueueConfig, message: string): void =>
        context.addIssue({ code: 'custom', path: [name], message });
      const { QUEUE_TYPE, AWS_ACCESS_KEY, AWS_SECRET_KEY } = values;
      for (const name of REQUIRED.get(QUEUE_TYPE) ?? []) if (values[name] === '') complain(name, 'must not be empty');
      if (AWS_ACCESS_KEY !== undefined && AWS_SECRET_KEY === undefined) complain('AWS_SECRET_KEY', 'is missing');
      if (AWS_SECRET_KEY !== undefined && AWS_ACCESS_KEY === undefined) complain('AWS_ACCESS_KEY', 'is missing');
    },
    // What is wrong is told together with what is wrong elsewhere.
    { when: () => true },
  );
}

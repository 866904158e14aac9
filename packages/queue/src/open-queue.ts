import type { QueueConfig } from '@voteapp/contracts/env/queue';
import type { AppIdentity } from '@voteapp/contracts/names';
import { publicAuthoritiesAnd } from '@voteapp/kit/authorities';

import { openAmqpQueue } from './amqp/amqp-queue.ts';
import type { QueueLog } from './log.ts';
import type { VoteQueue } from './port.ts';

export interface OpenQueueOptions {
  readonly config: QueueConfig;
  readonly app: AppIdentity;
  readonly log: QueueLog;
  /** Called when nothing can go through this queue any more: the process has to end. */
  readonly onFailure: (error: Error) => void;
}

/** The queue that the environment names. Resolves also while it cannot be reached. Rejects with QueueMisconfigured. */
export async function openQueue({ config, app, log, onFailure }: OpenQueueOptions): Promise<VoteQueue> {
  switch (config.QUEUE_TYPE) {
    case 'RabbitMQ':
      return await openAmqpQueue({
        host: config.RABBITMQ_HOST,
        port: config.RABBITMQ_PORT,
        user: config.RABBITMQ_USER,
        password: config.RABBITMQ_PASSWORD,
        vhost: config.RABBITMQ_VHOST,
        ...(config.RABBITMQ_TLS && {
          tls: config.RABBITMQ_CA === undefined ? {} : { ca: publicAuthoritiesAnd(config.RABBITMQ_CA) },
        }),
        app,
        log,
        onFailure,
      });
    case 'SQS': {
      // The SDK takes 20 MB of memory and a quarter of a second, which whoever runs on RabbitMQ is spared.
      const { SqsQueue } = await import('./sqs/sqs-queue.ts');
      const { AWS_REGION, AWS_ENDPOINT_URL_SQS, AWS_ACCESS_KEY, AWS_SECRET_KEY } = config;
      return new SqsQueue({
        region: AWS_REGION,
        ...(AWS_ENDPOINT_URL_SQS !== undefined && { endpoint: AWS_ENDPOINT_URL_SQS }),
        ...(AWS_ACCESS_KEY !== undefined &&
          AWS_SECRET_KEY !== undefined && {
            credentials: { accessKeyId: AWS_ACCESS_KEY, secretAccessKey: AWS_SECRET_KEY },
          }),
        app,
        log,
        onFailure,
      });
    }
  }
}

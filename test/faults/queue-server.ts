import type { AppIdentity } from '@voteapp/contracts/names';
import { sqsQueueName } from '@voteapp/contracts/sqs-names';
import { openAmqpQueue } from '@voteapp/queue/amqp/amqp-queue';
import type { VoteQueue } from '@voteapp/queue/port';
import { SqsQueue } from '@voteapp/queue/sqs/sqs-queue';

import type { RabbitMqAddress, RabbitMqServer } from '../servers/rabbitmq.ts';
import type { SqsServer, SqsServerAddress } from '../servers/sqs.ts';

const ANSWER_LIMIT_MS = 5_000;

/** The server that carries the votes of a case. */
export interface QueueServer {
  readonly address: { readonly rabbitmq: RabbitMqAddress } | { readonly sqs: SqsServerAddress };
  readonly port: number;
  /** What leads a service to it by another port of this machine. */
  by(port: number): Readonly<Record<string, string>>;
  /**
   * Messages of each of the app's queues, those that are delivered and not acknowledged included, by the end of its name:
   * a shard or `dead`.
   */
  depths(app: AppIdentity): Promise<ReadonlyMap<string, number>>;
  /** As the services open it. */
  open(app: AppIdentity): Promise<VoteQueue>;
}

export function onRabbitMq(server: RabbitMqServer): QueueServer {
  const { host, port, user, password, vhost } = server;
  return {
    address: { rabbitmq: server },
    port,
    by: (other) => ({ RABBITMQ_PORT: String(other) }),
    async depths({ namespace, name }) {
      const listed = await server.ctl('list_queues', '--no-table-headers', 'name', 'messages');
      const own = `voteapp.${namespace}.${name}.votes.v1.`;
      const rows = listed.split('\n').map((line) => line.split(/\s+/));
      return new Map(
        rows.flatMap(([queue = '', messages]) =>
          queue.startsWith(own) ? [[queue.slice(own.length), Number(messages)] as const] : [],
        ),
      );
    },
    open: (app) => openAmqpQueue({ host, port, user, password, vhost, app }),
  };
}

export function onSqs(server: SqsServer): QueueServer {
  const { region, endpoint, credentials } = server;

  async function ask<Answer>(operation: string, question: object): Promise<Answer> {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` };
    const response = await fetch(endpoint, {
      method: 'POST',
      headers,
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
  return {
    address: { sqs: server },
    port: Number(new URL(endpoint).port),
    by: (other) => ({ AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${other}` }),
    async depths(app) {
      const own = sqsQueueName(app, 0).slice(0, -1);
      const { QueueUrls = [] } = await ask<{ QueueUrls?: string[] }>('ListQueues', { QueueNamePrefix: own });
      return new Map(
        await Promise.all(
          QueueUrls.map(async (QueueUrl) => {
            const question = { QueueUrl, AttributeNames: ['All'] };
            const { Attributes } = await ask<{ Attributes: Record<string, string> }>('GetQueueAttributes', question);
            const kinds = ['', 'NotVisible', 'Delayed'].map((kind) => Attributes[`ApproximateNumberOfMessages${kind}`]);
            const messages = kinds.reduce((sum, number) => sum + Number(number), 0);
            return [QueueUrl.slice(QueueUrl.lastIndexOf(own) + own.length), messages] as const;
          }),
        ),
      );
    },
    open: (app) => Promise.resolve(new SqsQueue({ region, endpoint, credentials, app })),
  };
}

import { randomBytes } from 'node:crypto';

import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

import type { AppIdentity } from '@voteapp/contracts/names';
import { sqsDeadLetterQueueName, sqsQueueName } from '@voteapp/contracts/sqs-names';

import type { SqsAddress } from '../sqs-api.ts';
import { type SqsInternals, SqsQueue, type SqsQueueOptions } from '../sqs-queue.ts';

/** A subscription closes when SQS has answered: the shortest wait there is. */
const QUICK: SqsInternals = { waitS: 1, pause: async () => {} };

/** The queues of an app that no other test uses, and everything that a test has opened on them. */
export class AppUnderTest {
  readonly app: AppIdentity = { namespace: 'tests', name: `t${randomBytes(6).toString('hex')}` };
  readonly dead = sqsDeadLetterQueueName(this.app);
  readonly client: SQSClient;
  readonly #address: SqsAddress;
  readonly #opened: SqsQueue[] = [];

  constructor({ region, endpoint, credentials }: Required<SqsAddress>) {
    this.#address = { region, endpoint, credentials };
    this.client = new SQSClient({ region, endpoint, credentials, useQueueUrlAsEndpoint: false });
  }

  queueOf(shard: number): string {
    return sqsQueueName(this.app, shard);
  }

  /** Where a queue is: SQS reads only the end of it. */
  urlOf(name: string): string {
    return `${this.#address.endpoint}/000000000000/${name}`;
  }

  open(options: Partial<SqsQueueOptions> = {}, internals: SqsInternals = {}): SqsQueue {
    const queue = new SqsQueue({ ...this.#address, app: this.app, ...options }, { ...QUICK, ...internals });
    this.#opened.push(queue);
    return queue;
  }

  async openDeclared(options: Partial<SqsQueueOptions> = {}, internals: SqsInternals = {}): Promise<SqsQueue> {
    const queue = this.open(options, internals);
    await queue.declare(1);
    return queue;
  }

  /** What is in a queue and hidden from nobody. */
  async receiveAll(name: string): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.urlOf(name),
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    return (await this.client.send(command)).Messages ?? [];
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((queue) => queue.close()));
    this.client.destroy();
  }
}

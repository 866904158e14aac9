import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  type QueueAttributeName,
  QueueDoesNotExist,
} from '@aws-sdk/client-sqs';

import { MAX_BATCH_BYTES } from '@voteapp/contracts/message';
import { type AppIdentity, storeOwner } from '@voteapp/contracts/names';
import { sqsDeadLetterQueueName, sqsQueueName } from '@voteapp/contracts/sqs-names';

import { QueueMisconfigured } from '../port.ts';
import { codeOf, type SqsApi } from './sqs-api.ts';

/** SQS deletes what is older, read or not, and counts from the publication also among the dead letters: 14 days. */
const RETENTION_S = 14 * 24 * 60 * 60;
/** A message received more often goes to the dead letters; SQS allows no more. */
const MAX_RECEIVES = 1_000;
/** SQS asks for so long between the creation of a queue and its use. */
const SETTLE_MS = 1_000;
/** Names the app that a queue belongs to. */
const OWNER_TAG = 'voteapp.dev/app';

const CHECKED = ['QueueArn', 'MessageRetentionPeriod', 'MaximumMessageSize', 'RedrivePolicy'] as const;
const DEPTH = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

type Attributes = Readonly<Partial<Record<QueueAttributeName, string>>>;

export interface QueuesOptions {
  readonly api: SqsApi;
  readonly app: AppIdentity;
  /** Waits that many ms. */
  readonly pause: (ms: number) => Promise<unknown>;
  /** Somebody needs a queue that is not there. */
  readonly onMissing: (name: string) => void;
  /** Only tests change it. */
  readonly maxReceives?: number | undefined;
}

/** The queues of one app: where they are, that they are as they must be, and what is in them. */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #urls = new Map<string, string>();

  constructor(options: QueuesOptions) {
    this.#options = options;
  }

  /** Rejects with QueueUnavailable, also while there is no such queue. */
  async url(name: string): Promise<string> {
    const known = this.#urls.get(name);
    if (known !== undefined) return known;
    const found = await this.#find(name);
    if (found !== null) return found;
    const { api, onMissing } = this.#options;
    onMissing(name);
    throw api.unavailable(`there is no queue ${name}`);
  }

  /** A request has found the queue gone. */
  forget(name: string): void {
    this.#urls.delete(name);
  }

  /**
   * Makes those that are missing: of the dead letters, and of shards 0 … `shards` − 1. Rejects with QueueUnavailable,
   * and with QueueMisconfigured when one is not as it must be.
   */
  async declare(shards: number): Promise<void> {
    const { app, maxReceives = MAX_RECEIVES } = this.#options;
    const dead = sqsDeadLetterQueueName(app);
    const arn = await this.#ensure(dead, null);
    const redrive = { deadLetterTargetArn: arn, maxReceiveCount: maxReceives };
    const names = Array.from({ length: shards }, (_, shard) => sqsQueueName(app, shard));
    await Promise.all(names.map((name) => this.#ensure(name, { dead, policy: redrive })));
  }

  /** Messages that can be received. */
  async ready(name: string): Promise<number> {
    const { ApproximateNumberOfMessages } = await this.#attributes(name, ['ApproximateNumberOfMessages']);
    return Number(ApproximateNumberOfMessages ?? 0);
  }

  /** Messages that are not deleted. */
  async depth(name: string): Promise<number> {
    const attributes = await this.#attributes(name, DEPTH);
    return DEPTH.reduce((sum, attribute) => sum + Number(attributes[attribute] ?? 0), 0);
  }

  /** Resolves with whether there is such a queue; rejects with QueueUnavailable when SQS does not answer. */
  async exists(name: string): Promise<boolean> {
    return (await this.#find(name)) !== null;
  }

  async #find(name: string): Promise<string | null> {
    const found = await this.#options.api.call('GetQueueUrl', async (client, options) => {
      try {
        return await client.send(new GetQueueUrlCommand({ QueueName: name }), options);
      } catch (error) {
        if (error instanceof QueueDoesNotExist) return { QueueUrl: undefined };
        throw error;
      }
    });
    if (found.QueueUrl === undefined) return null;
    this.#urls.set(name, found.QueueUrl);
    return found.QueueUrl;
  }

  async #attributes(name: string, names: readonly QueueAttributeName[]): Promise<Attributes> {
    const QueueUrl = await this.url(name);
    const { Attributes = {} } = await this.#options.api.call('GetQueueAttributes', (client, options) =>
      client
        .send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }), options)
        .catch((error: unknown) => {
          if (error instanceof QueueDoesNotExist) this.forget(name);
          throw error;
        }),
    );
    return Attributes;
  }

  /** Resolves with its ARN. */
  async #ensure(name: string, redrive: Redrive | null): Promise<string> {
    if (!(await this.exists(name))) await this.#create(name, redrive);
    const attributes = await this.#attributes(name, CHECKED);
    const problems = problemsOf(attributes, redrive);
    if (problems.length > 0) throw new QueueMisconfigured(`SQS queue ${name}: ${problems.join('; ')}.`);
    await this.#demandOwner(name);
    return attributes.QueueArn ?? '';
  }

  async #create(name: string, redrive: Redrive | null): Promise<void> {
    const { api, app, pause } = this.#options;
    const command = new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        MessageRetentionPeriod: String(RETENTION_S),
        ...(redrive !== null && { RedrivePolicy: JSON.stringify(redrive.policy) }),
      },
      tags: { [OWNER_TAG]: storeOwner(app) },
    });
    try {
      await api.call('CreateQueue', (client, options) => client.send(command, options));
    } catch (error) {
      const { cause } = error as Error;
      // Another process was faster, perhaps with other attributes: they are looked at next.
      if (codeOf(cause) === 'QueueNameExists') return;
      if (!codeOf(cause).startsWith('AccessDenied')) throw error;
      throw api.unavailable(
        `queue ${name} is missing and may not be created; create it, or allow sqs:CreateQueue and sqs:TagQueue`,
        cause,
      );
    }
    await pause(SETTLE_MS);
  }

  /** A name with dashes may be that of two apps: `a-b` in `c`, and `b` in `c-a`. */
  async #demandOwner(name: string): Promise<void> {
    const QueueUrl = await this.url(name);
    const { Tags = {} } = await this.#options.api.call('ListQueueTags', (client, options) =>
      client.send(new ListQueueTagsCommand({ QueueUrl }), options),
    );
    const [owner, own] = [Tags[OWNER_TAG], storeOwner(this.#options.app)];
    if (owner !== undefined && owner !== own)
      throw new QueueMisconfigured(`SQS queue ${name} belongs to ${owner}, not to ${own}.`);
  }
}

interface Redrive {
  /** Name of the queue of the dead letters. */
  readonly dead: string;
  readonly policy: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
}

/** What its owner has to change. Vote and worker would lose votes in a queue that is otherwise. */
function problemsOf(attributes: Attributes, redrive: Redrive | null): string[] {
  const { MessageRetentionPeriod, MaximumMessageSize, RedrivePolicy } = attributes;
  const problems: string[] = [];
  if (Number(MessageRetentionPeriod) !== RETENTION_S)
    problems.push(`set MessageRetentionPeriod to ${RETENTION_S}, it is ${MessageRetentionPeriod}`);
  if (Number(MaximumMessageSize) < MAX_BATCH_BYTES)
    problems.push(`set MaximumMessageSize to ${MAX_BATCH_BYTES} or more, it is ${MaximumMessageSize}`);
  if (redrive === null) {
    if (RedrivePolicy !== undefined && RedrivePolicy !== '')
      problems.push('remove its RedrivePolicy: nobody reads the queue where it sends messages');
  } else if (!isRedrive(RedrivePolicy, redrive)) {
    const { dead, policy } = redrive;
    problems.push(`set RedrivePolicy to the queue ${dead} with a maxReceiveCount of ${policy.maxReceiveCount}`);
  }
  return problems;
}

function isRedrive(stored: string | undefined, { policy }: Redrive): boolean {
  if (stored === undefined || stored === '') return false;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(stored) as Record<string, unknown>;
  // Some servers keep the number as text.
  return deadLetterTargetArn === policy.deadLetterTargetArn && Number(maxReceiveCount) === policy.maxReceiveCount;
}

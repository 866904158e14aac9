import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test, vi } from 'vitest';

import { QueueMisconfigured, QueueUnavailable } from '../port.ts';
import { SqsQueue } from './sqs-queue.ts';
import { refusal } from './testing/interception.ts';
import { HEADERS, refusalOf, take, textOf } from './testing/messages.ts';
import { sqsForTests } from './testing/sqs-for-tests.ts';

describe('queues of SQS', () => {
  const sqs = sqsForTests();

  describe('dead letters', () => {
    test('a message received too often becomes one, with its shard, and the others go on', async () => {
      const queue = sqs.underTest.open({}, { maxReceives: 1 });
      await queue.declare(4);
      const headers = { ...HEADERS, votes: 7 };
      await queue.publisher().publish(3, Buffer.from('poison'), headers);
      const first = queue.subscribe(3);
      await take(first, 1);
      await first.close();
      await queue.publisher().publish(3, Buffer.from('good'), HEADERS);
      expect((await take(queue.subscribe(3), 1)).map(textOf)).toEqual(['good']);
      const dead = queue.deadLetters();
      const [letter] = await take(dead, 1);
      expect(letter).toMatchObject({ shard: 3, headers, redelivered: true, body: Buffer.from('poison') });
      expect(await queue.depth()).toBe(2);
      await dead.ack(letter!);
      await expect.poll(() => queue.depth()).toBe(1);
    });

    test('one that came from nowhere is of shard 0', async () => {
      const queue = await sqs.underTest.openDeclared();
      const QueueUrl = sqs.underTest.urlOf(sqs.underTest.dead);
      await sqs.underTest.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'stray' }));
      expect(await take(queue.deadLetters(), 1)).toMatchObject([{ shard: 0, headers: { votes: 1 } }]);
    });
  });

  describe('declaring', () => {
    test('makes queues that keep messages for 14 days and send to the dead letters after 1,000 receives', async () => {
      await sqs.underTest.openDeclared();
      const attributesOf = async (name: string) =>
        (
          await sqs.underTest.client.send(
            new GetQueueAttributesCommand({ QueueUrl: sqs.underTest.urlOf(name), AttributeNames: ['All'] }),
          )
        ).Attributes!;
      const shard = await attributesOf(sqs.underTest.queueOf(0));
      expect(shard).toMatchObject({ MessageRetentionPeriod: '1209600', MaximumMessageSize: '1048576' });
      const { QueueArn, RedrivePolicy } = await attributesOf(sqs.underTest.dead);
      expect(RedrivePolicy).toBeUndefined();
      expect(JSON.parse(shard['RedrivePolicy']!)).toEqual({ deadLetterTargetArn: QueueArn, maxReceiveCount: 1_000 });
    });

    test.each([
      {
        title: 'keeps messages for 4 days only',
        Attributes: {},
        says: 'set MessageRetentionPeriod to 1209600, it is 345600',
      },
      {
        title: 'takes small messages only',
        Attributes: { MaximumMessageSize: '1024' },
        says: 'set MaximumMessageSize to 262144 or more, it is 1024',
      },
      { title: 'has no dead letters', Attributes: {}, says: 'set RedrivePolicy to the queue ' },
      { title: 'is of another app', Attributes: null, says: 'belongs to somebody/else, not to ' },
    ])('refuses a queue that $title, and nothing goes through any more', async ({ Attributes, says }) => {
      const onFailure = vi.fn<(error: Error) => void>();
      if (Attributes === null) {
        await sqs.underTest.client.send(
          new CreateQueueCommand({
            QueueName: sqs.underTest.dead,
            Attributes: { MessageRetentionPeriod: '1209600' },
            tags: { 'voteapp.dev/app': 'somebody/else' },
          }),
        );
      } else
        await sqs.underTest.client.send(new CreateQueueCommand({ QueueName: sqs.underTest.queueOf(0), Attributes }));
      const queue = sqs.underTest.open({ onFailure });
      const error = await refusalOf(queue.declare(1));
      expect(error).toBeInstanceOf(QueueMisconfigured);
      expect(error.message).toContain(says);
      expect(onFailure).toHaveBeenCalledExactlyOnceWith(error);
      await expect(queue.publisher().publish(0, Buffer.from('x'), HEADERS)).rejects.toThrow(QueueUnavailable);
    });

    test('that somebody has made as they must be, it needs no right to make any', async () => {
      await sqs.underTest.openDeclared();
      sqs.network.set('CreateQueue', async () => refusal(403, 'AccessDenied'));
      await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
      expect(sqs.network.count('CreateQueue')).toBe(0);
      const { message } = await refusalOf(sqs.underTest.open({ endpoint: sqs.network.endpoint }).declare(2));
      expect(message).toContain(
        `queue ${sqs.underTest.queueOf(1)} is missing and may not be created; create it, or allow sqs:CreateQueue`,
      );
    });
  });

  test('without credentials it says what to do', async () => {
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const queue = new SqsQueue({ region: sqs.server.region, endpoint: sqs.server.endpoint, app: sqs.underTest.app });
    const { message } = await refusalOf(queue.ping());
    expect(message).toContain('no credentials; set AWS_ACCESS_KEY and AWS_SECRET_KEY');
    await queue.close();
    vi.unstubAllEnvs();
  });
});

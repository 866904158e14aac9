import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test, vi } from 'vitest';

import { QueueUnavailable } from '../port.ts';
import { refusal } from './testing/interception.ts';
import { HEADERS, publish, refusalOf, sorted, take, textOf } from './testing/messages.ts';
import { sqsForTests } from './testing/sqs-for-tests.ts';

const LONG = { timeout: 60_000 };

describe('publishing to SQS', () => {
  const sqs = sqsForTests();

  test('messages of the same turn share requests of ten', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    const texts = Array.from({ length: 25 }, (_, index) => `${index}`);
    await publish(queue, ...texts);
    expect(sqs.network.count('SendMessageBatch')).toBe(3);
    expect(new Set((await take(queue.subscribe(0), 25)).map(textOf))).toEqual(new Set(texts));
  });

  test('large messages share a request only as far as SQS takes it', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    await publish(queue, ...['a', 'b', 'c', 'd'].map((letter) => letter.repeat(120_000)));
    expect(sqs.network.count('SendMessageBatch')).toBe(2);
  });

  test('what a batch was stored without is sent again, alone', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    let failures = 2;
    const sizes: number[] = [];
    sqs.network.set('SendMessageBatch', async (body, pass) => {
      const entries = body['Entries'] as { Id: string }[];
      sizes.push(entries.length);
      if (failures-- <= 0) return await pass();
      const failed = entries.splice(0, 1);
      const answer = entries.length > 0 ? await pass() : { status: 200, body: { Successful: [] } };
      const Failed = failed.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError', Message: '' }));
      return { status: 200, body: { ...answer.body, Failed } };
    });
    await publish(queue, 'a', 'b', 'c');
    expect(sizes).toEqual([3, 1, 1]);
    expect(sorted((await take(queue.subscribe(0), 3)).map(textOf))).toEqual(['a', 'b', 'c']);
    await expect.poll(() => queue.depth()).toBe(3);
  });

  test.each([
    { title: 'is refused for good', code: 'InvalidMessageContents', SenderFault: true, requests: 1 },
    { title: 'is refused again and again', code: 'InternalError', SenderFault: false, requests: 4 },
  ])('a message that $title is not confirmed, and its neighbour is', async ({ code, SenderFault, requests }) => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    sqs.network.set('SendMessageBatch', async (body, pass) => {
      const entries = body['Entries'] as { Id: string; MessageBody: string }[];
      const bad = entries.filter(({ MessageBody }) => MessageBody === 'bad');
      entries.splice(0, entries.length, ...entries.filter((entry) => !bad.includes(entry)));
      const answer = entries.length > 0 ? await pass() : { status: 200, body: {} };
      const Failed = bad.map(({ Id }) => ({ Id, SenderFault, Code: code, Message: 'a user called eve' }));
      return { status: 200, body: { ...answer.body, Failed } };
    });
    const publisher = queue.publisher();
    const [bad, good] = await Promise.allSettled(
      ['bad', 'good'].map((each) => publisher.publish(0, Buffer.from(each), HEADERS)),
    );
    expect(good!.status).toBe('fulfilled');
    expect(bad).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailable' } });
    expect(String((bad as PromiseRejectedResult).reason)).toContain(`refused a message: ${code}`);
    expect(sqs.network.count('SendMessageBatch')).toBe(requests);
  });

  test('a message that the answer does not name is not confirmed', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    sqs.network.set('SendMessageBatch', async () => ({ status: 200, body: {} }));
    expect(await refusalOf(publish(queue, 'a'))).toBeInstanceOf(QueueUnavailable);
  });

  test.each([
    { title: 'throttling', answer: refusal(400, 'RequestThrottled') },
    { title: 'an error of the server', answer: refusal(503, 'ServiceUnavailable') },
    { title: 'a connection that is cut', answer: null },
  ])('$title is overcome by the next attempt', async ({ answer }) => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    let failures = 2;
    sqs.network.set('SendMessageBatch', async (_, pass) => (failures-- > 0 ? answer : await pass()));
    await publish(queue, 'a');
    expect(sqs.network.count('SendMessageBatch')).toBe(3);
  });

  test('an outage is told once, without the words of AWS, and so is its end', async () => {
    type Line = (fields: object, message: string) => void;
    const [info, warn] = [vi.fn<Line>(), vi.fn<Line>()];
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint, log: { info, warn } });
    sqs.network.set('SendMessageBatch', async () => refusal(403, 'AccessDenied'));
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const { message } = await refusalOf(publish(queue, 'a'));
      expect(message).toContain('AccessDenied');
      expect(message).not.toContain('eve');
    }
    expect(warn).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('eve');
    sqs.network.clear();
    await publish(queue, 'a');
    expect(info).toHaveBeenCalledExactlyOnceWith({ operation: 'SendMessageBatch' }, 'SQS answers again');
  });

  test('to a queue that somebody has deleted it is refused, until the queue is there again', async () => {
    const queue = await sqs.underTest.openDeclared();
    await sqs.underTest.client.send(
      new DeleteQueueCommand({ QueueUrl: sqs.underTest.urlOf(sqs.underTest.queueOf(0)) }),
    );
    expect(await refusalOf(publish(queue, 'lost'))).toBeInstanceOf(QueueUnavailable);
    await vi.waitFor(() => publish(queue, 'there again'), LONG);
    expect((await take(queue.subscribe(0), 1)).map(textOf)).toEqual(['there again']);
  });
});

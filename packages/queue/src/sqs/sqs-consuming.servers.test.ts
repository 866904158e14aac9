import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { QueueUnavailable } from '../port.ts';
import { refusal } from './testing/interception.ts';
import { publish, refusalOf, sorted, take, textOf } from './testing/messages.ts';
import { sqsForTests } from './testing/sqs-for-tests.ts';

const LONG = { timeout: 60_000 };

describe('consuming from SQS', () => {
  const sqs = sqsForTests();

  test('what is taken and what waits is hidden for as long as it is here, however long, and is received once', async () => {
    const queue = await sqs.underTest.openDeclared({}, { visibilityS: 3 });
    await publish(queue, 'a', 'b', 'c');
    const subscription = queue.subscribe(0);
    const [taken] = await subscription.take(1);
    await expect.poll(() => subscription.ready()).toBe(2);
    // Twice as long as one renewal holds: time itself is what this is about.
    await sleep(6_500);
    expect(await sqs.underTest.receiveAll(sqs.underTest.queueOf(0))).toEqual([]);
    await subscription.ack(taken!);
    await subscription.close();
    const received = await sqs.underTest.receiveAll(sqs.underTest.queueOf(0));
    expect(sorted(received.map(({ Body }) => Body))).toEqual(['a', 'b', 'c'].filter((each) => each !== textOf(taken!)));
    // By the subscription, and now.
    expect(received.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(['2', '2']);
  });

  test('what waited and could not be renewed is dropped, for somebody else has it', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint }, { visibilityS: 1 });
    sqs.network.set('ChangeMessageVisibilityBatch', async () => refusal(503, 'ServiceUnavailable'));
    await publish(queue, 'a');
    const subscription = queue.subscribe(0);
    await expect.poll(() => sqs.network.count('ChangeMessageVisibilityBatch'), LONG).toBeGreaterThan(0);
    const other = sqs.underTest.open().subscribe(0);
    expect((await take(other, 1)).map(textOf)).toEqual(['a']);
    sqs.network.clear();
    const renewals = sqs.network.count('ChangeMessageVisibilityBatch');
    await expect.poll(() => sqs.network.count('ChangeMessageVisibilityBatch'), LONG).toBeGreaterThan(renewals);
    await expect.poll(() => subscription.ready(), LONG).toBe(0);
  });

  test('a taken message that comes again to where it is is not given again, and its deletion holds', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint }, { visibilityS: 1 });
    sqs.network.set('ChangeMessageVisibilityBatch', async () => refusal(503, 'ServiceUnavailable'));
    await publish(queue, 'a');
    const subscription = queue.subscribe(0);
    const [a] = await take(subscription, 1);
    const receives = sqs.network.count('ReceiveMessage');
    // Hidden for 1 s, waited for 1 s: the third answer brings it again.
    await expect.poll(() => sqs.network.count('ReceiveMessage'), LONG).toBeGreaterThan(receives + 3);
    await publish(queue, 'b');
    expect((await take(subscription, 1)).map(textOf)).toEqual(['b']);
    await subscription.ack(a!);
    sqs.network.clear();
    await expect.poll(() => queue.depth(), LONG).toBe(1);
  });

  test('an acknowledgement that SQS does not carry out rejects, and the message comes again', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint }, { visibilityS: 1 });
    await publish(queue, 'a');
    const subscription = queue.subscribe(0);
    sqs.network.set('DeleteMessageBatch', async (body) => {
      const [{ Id }] = body['Entries'] as [{ Id: string }];
      const Failed = [{ Id, SenderFault: false, Code: 'InternalError', Message: '' }];
      return { status: 200, body: { Failed } };
    });
    const [a] = await take(subscription, 1);
    expect(await refusalOf(subscription.ack(a!))).toBeInstanceOf(QueueUnavailable);
    sqs.network.clear();
    const [again] = await take(subscription, 1);
    expect(again).toMatchObject({ body: a!.body, redelivered: true });
    await subscription.ack(again!);
    await expect.poll(() => queue.depth()).toBe(0);
  });

  test('at most 200 messages are here unacknowledged, and an acknowledgement makes room', async () => {
    const queue = await sqs.underTest.openDeclared();
    const texts = Array.from({ length: 250 }, (_, index) => `${index}`);
    await publish(queue, ...texts);
    const subscription = queue.subscribe(0);
    const taken = await take(subscription, 190);
    await sleep(1_500);
    expect(await subscription.ready()).toBe(60);
    expect(taken.length).toBeLessThanOrEqual(200);
    await subscription.ack(taken.at(-1)!);
    const rest = await take(subscription, 250 - taken.length);
    expect(new Set([...taken, ...rest].map(textOf))).toEqual(new Set(texts));
  });

  test('receiving begins again by itself when SQS is back', async () => {
    const queue = await sqs.underTest.openDeclared({ endpoint: sqs.network.endpoint });
    sqs.network.set('ReceiveMessage', async () => null);
    const taken = queue.subscribe(0).take(1);
    await expect.poll(() => sqs.network.count('ReceiveMessage'), LONG).toBeGreaterThan(3);
    sqs.network.clear();
    await publish(queue, 'a');
    expect((await taken).map(textOf)).toEqual(['a']);
  });

  test('nothing is left hidden when a subscription has closed', async () => {
    const queue = await sqs.underTest.openDeclared();
    await publish(queue, 'a', 'b');
    const subscription = queue.subscribe(0);
    await subscription.take(1);
    await subscription.close();
    const received = await sqs.underTest.receiveAll(sqs.underTest.queueOf(0));
    expect(sorted(received.map(({ Body }) => Body))).toEqual(['a', 'b']);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';

import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { type SqsServer, startSqs } from '../../../../test/servers/sqs.ts';
import { type Delivery, QueueMisconfigured, QueueUnavailable, type VoteSubscription } from '../port.ts';
import { SqsQueue } from './sqs-queue.ts';
import { AppUnderTest } from './testing/app-under-test.ts';
import { Interception, refusal } from './testing/interception.ts';

const HEADERS = { sentAt: 1_764_000_000_000, votes: 1 };
const LONG = { timeout: 60_000 };

/** Which they are, in whatever order. */
function sorted(texts: readonly (string | undefined)[]): string[] {
  return texts.map(String).sort((a, b) => a.localeCompare(b));
}

function textOf({ body }: Delivery): string {
  return Buffer.from(body).toString();
}

/** Takes that many without acknowledging them. */
async function take<D extends Delivery>(subscription: VoteSubscription<D>, count: number): Promise<D[]> {
  const taken: D[] = [];
  while (taken.length < count) taken.push(...(await subscription.take(1_000)));
  return taken;
}

async function publish(queue: SqsQueue, ...texts: string[]): Promise<void> {
  const publisher = queue.publisher();
  await Promise.all(texts.map((each) => publisher.publish(0, Buffer.from(each), HEADERS)));
}

async function refusalOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as Error,
  );
}

describe('the SQS queue', () => {
  let server: SqsServer;
  let underTest: AppUnderTest;
  let network: Interception;

  beforeAll(async () => {
    server = await startSqs();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    underTest = new AppUnderTest(server);
    network = await Interception.start(server.endpoint);
  });
  afterEach(async () => {
    network.clear();
    await underTest.close();
    await network.stop();
  });

  /** What is in a queue and hidden from nobody. */
  async function receiveAll(name: string): Promise<readonly Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: underTest.urlOf(name),
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    return (await underTest.client.send(command)).Messages ?? [];
  }

  describe('publishing', () => {
    test('messages of the same turn share requests of ten', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      const texts = Array.from({ length: 25 }, (_, index) => `${index}`);
      await publish(queue, ...texts);
      expect(network.count('SendMessageBatch')).toBe(3);
      expect(new Set((await take(queue.subscribe(0), 25)).map(textOf))).toEqual(new Set(texts));
    });

    test('large messages share a request only as far as SQS takes it', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      await publish(queue, ...['a', 'b', 'c', 'd'].map((letter) => letter.repeat(120_000)));
      expect(network.count('SendMessageBatch')).toBe(2);
    });

    test('what a batch was stored without is sent again, alone', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      let failures = 2;
      const sizes: number[] = [];
      network.set('SendMessageBatch', async (body, pass) => {
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
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      network.set('SendMessageBatch', async (body, pass) => {
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
      expect(network.count('SendMessageBatch')).toBe(requests);
    });

    test('a message that the answer does not name is not confirmed', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      network.set('SendMessageBatch', async () => ({ status: 200, body: {} }));
      expect(await refusalOf(publish(queue, 'a'))).toBeInstanceOf(QueueUnavailable);
    });

    test.each([
      { title: 'throttling', answer: refusal(400, 'RequestThrottled') },
      { title: 'an error of the server', answer: refusal(503, 'ServiceUnavailable') },
      { title: 'a connection that is cut', answer: null },
    ])('$title is overcome by the next attempt', async ({ answer }) => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      let failures = 2;
      network.set('SendMessageBatch', async (_, pass) => (failures-- > 0 ? answer : await pass()));
      await publish(queue, 'a');
      expect(network.count('SendMessageBatch')).toBe(3);
    });

    test('an outage is told once, without the words of AWS, and so is its end', async () => {
      type Line = (fields: object, message: string) => void;
      const [info, warn] = [vi.fn<Line>(), vi.fn<Line>()];
      const queue = await underTest.openDeclared({ endpoint: network.endpoint, log: { info, warn } });
      network.set('SendMessageBatch', async () => refusal(403, 'AccessDenied'));
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const { message } = await refusalOf(publish(queue, 'a'));
        expect(message).toContain('AccessDenied');
        expect(message).not.toContain('eve');
      }
      expect(warn).toHaveBeenCalledTimes(1);
      expect(JSON.stringify(warn.mock.calls)).not.toContain('eve');
      network.clear();
      await publish(queue, 'a');
      expect(info).toHaveBeenCalledExactlyOnceWith({ operation: 'SendMessageBatch' }, 'SQS answers again');
    });

    test('to a queue that somebody has deleted it is refused, until the queue is there again', async () => {
      const queue = await underTest.openDeclared();
      await underTest.client.send(new DeleteQueueCommand({ QueueUrl: underTest.urlOf(underTest.queueOf(0)) }));
      expect(await refusalOf(publish(queue, 'lost'))).toBeInstanceOf(QueueUnavailable);
      await vi.waitFor(() => publish(queue, 'there again'), LONG);
      expect((await take(queue.subscribe(0), 1)).map(textOf)).toEqual(['there again']);
    });
  });

  describe('consuming', () => {
    test('what is taken and what waits is hidden for as long as it is here, however long, and is received once', async () => {
      const queue = await underTest.openDeclared({}, { visibilityS: 3 });
      await publish(queue, 'a', 'b', 'c');
      const subscription = queue.subscribe(0);
      const [taken] = await subscription.take(1);
      await expect.poll(() => subscription.ready()).toBe(2);
      // Twice as long as one renewal holds: time itself is what this is about.
      await sleep(6_500);
      expect(await receiveAll(underTest.queueOf(0))).toEqual([]);
      await subscription.ack(taken!);
      await subscription.close();
      const received = await receiveAll(underTest.queueOf(0));
      expect(sorted(received.map(({ Body }) => Body))).toEqual(
        ['a', 'b', 'c'].filter((each) => each !== textOf(taken!)),
      );
      // By the subscription, and now.
      expect(received.map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(['2', '2']);
    });

    test('what waited and could not be renewed is dropped, for somebody else has it', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint }, { visibilityS: 1 });
      network.set('ChangeMessageVisibilityBatch', async () => refusal(503, 'ServiceUnavailable'));
      await publish(queue, 'a');
      const subscription = queue.subscribe(0);
      await expect.poll(() => network.count('ChangeMessageVisibilityBatch'), LONG).toBeGreaterThan(0);
      const other = underTest.open().subscribe(0);
      expect((await take(other, 1)).map(textOf)).toEqual(['a']);
      network.clear();
      const renewals = network.count('ChangeMessageVisibilityBatch');
      await expect.poll(() => network.count('ChangeMessageVisibilityBatch'), LONG).toBeGreaterThan(renewals);
      await expect.poll(() => subscription.ready(), LONG).toBe(0);
    });

    test('a taken message that comes again to where it is is not given again, and its deletion holds', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint }, { visibilityS: 1 });
      network.set('ChangeMessageVisibilityBatch', async () => refusal(503, 'ServiceUnavailable'));
      await publish(queue, 'a');
      const subscription = queue.subscribe(0);
      const [a] = await take(subscription, 1);
      const receives = network.count('ReceiveMessage');
      // Hidden for 1 s, waited for 1 s: the third answer brings it again.
      await expect.poll(() => network.count('ReceiveMessage'), LONG).toBeGreaterThan(receives + 3);
      await publish(queue, 'b');
      expect((await take(subscription, 1)).map(textOf)).toEqual(['b']);
      await subscription.ack(a!);
      network.clear();
      await expect.poll(() => queue.depth(), LONG).toBe(1);
    });

    test('an acknowledgement that SQS does not carry out rejects, and the message comes again', async () => {
      const queue = await underTest.openDeclared({ endpoint: network.endpoint }, { visibilityS: 1 });
      await publish(queue, 'a');
      const subscription = queue.subscribe(0);
      network.set('DeleteMessageBatch', async (body) => {
        const [{ Id }] = body['Entries'] as [{ Id: string }];
        const Failed = [{ Id, SenderFault: false, Code: 'InternalError', Message: '' }];
        return { status: 200, body: { Failed } };
      });
      const [a] = await take(subscription, 1);
      expect(await refusalOf(subscription.ack(a!))).toBeInstanceOf(QueueUnavailable);
      network.clear();
      const [again] = await take(subscription, 1);
      expect(again).toMatchObject({ body: a!.body, redelivered: true });
      await subscription.ack(again!);
      await expect.poll(() => queue.depth()).toBe(0);
    });

    test('at most 200 messages are here unacknowledged, and an acknowledgement makes room', async () => {
      const queue = await underTest.openDeclared();
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
      const queue = await underTest.openDeclared({ endpoint: network.endpoint });
      network.set('ReceiveMessage', async () => null);
      const taken = queue.subscribe(0).take(1);
      await expect.poll(() => network.count('ReceiveMessage'), LONG).toBeGreaterThan(3);
      network.clear();
      await publish(queue, 'a');
      expect((await taken).map(textOf)).toEqual(['a']);
    });
  });

  describe('dead letters', () => {
    test('a message received too often becomes one, with its shard, and the others go on', async () => {
      const queue = underTest.open({}, { maxReceives: 1 });
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
      const queue = await underTest.openDeclared();
      const QueueUrl = underTest.urlOf(underTest.dead);
      await underTest.client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'stray' }));
      expect(await take(queue.deadLetters(), 1)).toMatchObject([{ shard: 0, headers: { votes: 1 } }]);
    });
  });

  describe('declaring', () => {
    test('makes queues that keep messages for 14 days and send to the dead letters after 1,000 receives', async () => {
      await underTest.openDeclared();
      const attributesOf = async (name: string) =>
        (
          await underTest.client.send(
            new GetQueueAttributesCommand({ QueueUrl: underTest.urlOf(name), AttributeNames: ['All'] }),
          )
        ).Attributes!;
      const shard = await attributesOf(underTest.queueOf(0));
      expect(shard).toMatchObject({ MessageRetentionPeriod: '1209600', MaximumMessageSize: '1048576' });
      const { QueueArn, RedrivePolicy } = await attributesOf(underTest.dead);
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
        await underTest.client.send(
          new CreateQueueCommand({
            QueueName: underTest.dead,
            Attributes: { MessageRetentionPeriod: '1209600' },
            tags: { 'voteapp.dev/app': 'somebody/else' },
          }),
        );
      } else await underTest.client.send(new CreateQueueCommand({ QueueName: underTest.queueOf(0), Attributes }));
      const queue = underTest.open({ onFailure });
      const error = await refusalOf(queue.declare(1));
      expect(error).toBeInstanceOf(QueueMisconfigured);
      expect(error.message).toContain(says);
      expect(onFailure).toHaveBeenCalledExactlyOnceWith(error);
      await expect(queue.publisher().publish(0, Buffer.from('x'), HEADERS)).rejects.toThrow(QueueUnavailable);
    });

    test('that somebody has made as they must be, it needs no right to make any', async () => {
      await underTest.openDeclared();
      network.set('CreateQueue', async () => refusal(403, 'AccessDenied'));
      await underTest.openDeclared({ endpoint: network.endpoint });
      expect(network.count('CreateQueue')).toBe(0);
      const { message } = await refusalOf(underTest.open({ endpoint: network.endpoint }).declare(2));
      expect(message).toContain(
        `queue ${underTest.queueOf(1)} is missing and may not be created; create it, or allow sqs:CreateQueue`,
      );
    });
  });

  test('without credentials it says what to do', async () => {
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const queue = new SqsQueue({ region: server.region, endpoint: server.endpoint, app: underTest.app });
    const { message } = await refusalOf(queue.ping());
    expect(message).toContain('no credentials; set AWS_ACCESS_KEY and AWS_SECRET_KEY');
    await queue.close();
    vi.unstubAllEnvs();
  });

  test('nothing is left hidden when a subscription has closed', async () => {
    const queue = await underTest.openDeclared();
    await publish(queue, 'a', 'b');
    const subscription = queue.subscribe(0);
    await subscription.take(1);
    await subscription.close();
    const received = await receiveAll(underTest.queueOf(0));
    expect(sorted(received.map(({ Body }) => Body))).toEqual(['a', 'b']);
  });
});

describe('SQS that is killed and stopped', () => {
  let server: SqsServer;
  let underTest: AppUnderTest;

  beforeEach(async () => {
    server = await startSqs({ onDisk: true });
    underTest = new AppUnderTest(server);
  });
  afterEach(async () => {
    server.resume();
    await underTest.close();
    await server.stop();
  });

  test('killed twice while messages are published it has all that it confirmed', async () => {
    const queue = await underTest.openDeclared();
    const publisher = queue.publisher();
    const confirmed = new Set<string>();
    const stop = new AbortController();
    let [published, refused] = [0, 0];
    const lanes = Array.from({ length: 20 }, async () => {
      while (!stop.signal.aborted) {
        const each = String((published += 1));
        await publisher.publish(0, Buffer.from(each), HEADERS).then(
          () => void confirmed.add(each),
          () => void (refused += 1),
        );
      }
    });
    for (let kill = 0; kill < 2; kill += 1) {
      const before = confirmed.size;
      await expect.poll(() => confirmed.size, LONG).toBeGreaterThan(before + 200);
      const refusedBefore = refused;
      await server.kill();
      await expect.poll(() => refused, LONG).toBeGreaterThan(refusedBefore);
      await server.restart();
    }
    const before = confirmed.size;
    await expect.poll(() => confirmed.size, LONG).toBeGreaterThan(before + 200);
    stop.abort();
    await Promise.all(lanes);
    expect(refused).toBeGreaterThan(0);

    const subscription = queue.subscribe(0);
    const missing = new Set(confirmed);
    while (missing.size > 0) {
      const deliveries = await subscription.take(1_000);
      for (const delivery of deliveries) missing.delete(textOf(delivery));
      await subscription.ack(deliveries.at(-1)!);
    }
  });

  test('stopped it confirms nothing, answers no ping, and goes on where it was', async () => {
    const queue = await underTest.openDeclared();
    await queue.ping();
    server.pause();
    const [ping, published] = await Promise.allSettled([queue.ping(), publish(queue, 'a')]);
    expect(ping).toMatchObject({ status: 'rejected', reason: { name: 'QueueUnavailable' } });
    expect(String((published as PromiseRejectedResult).reason)).toContain('no answer');
    server.resume();
    await vi.waitFor(() => publish(queue, 'b'), LONG);
    expect((await take(queue.subscribe(0), 1)).map(textOf)).not.toEqual([]);
  });
});

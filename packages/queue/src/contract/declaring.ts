import { expect, test } from 'vitest';

import { QueueUnavailable } from '../port.ts';
import { HEADERS, takeTexts, type QueueTrial } from './queue-trial.ts';

/** What must be there, and what refuses. */
export function describeDeclaring(trial: QueueTrial): void {
  test('declaring again keeps what is there, and a larger number adds shards', async () => {
    await trial.publish(1, 'kept');
    await trial.queue.declare(1);
    await trial.queue.declare(2);
    await trial.queue.declare(4);
    await trial.publish(3, 'new');
    expect(await takeTexts(trial.queue.subscribe(3), 1)).toEqual(['new']);
    expect(await takeTexts(trial.queue.subscribe(1), 1)).toEqual(['kept']);
  });

  test('a shard that was not declared refuses messages', async () => {
    await expect(trial.queue.publisher().publish(7, Buffer.from('lost'), HEADERS)).rejects.toThrow(QueueUnavailable);
  });

  test('what is confirmed while its shard is being declared is there', async () => {
    const publisher = trial.queue.publisher();
    const texts = ['one', 'two', 'three'];
    const answers = Promise.allSettled(texts.map((text) => publisher.publish(5, Buffer.from(text), HEADERS)));
    await trial.queue.declare(6);
    const settled = await answers;
    const confirmed = texts.filter((_, index) => settled[index]?.status === 'fulfilled');
    await trial.publish(5, 'declared');
    const expected = [...confirmed, 'declared'];
    trial.expectTexts(await takeTexts(trial.queue.subscribe(5), expected.length), expected);
  });

  test('an open queue answers a ping', async () => {
    await expect(trial.queue.ping()).resolves.toBeUndefined();
  });

  test('a closed publisher refuses, another one of the queue does not', async () => {
    const [closed, open] = [trial.queue.publisher(), trial.queue.publisher()];
    await closed.close();
    await expect(closed.publish(0, Buffer.from('late'), HEADERS)).rejects.toThrow(QueueUnavailable);
    await expect(open.publish(0, Buffer.from('in time'), HEADERS)).resolves.toBeUndefined();
  });

  test('closing a publisher leaves no publish unanswered', async () => {
    const publisher = trial.queue.publisher();
    let unanswered = 20;
    for (let each = 0; each < 20; each++) {
      const answered = () => void (unanswered -= 1);
      publisher.publish(0, Buffer.from(`${each}`), HEADERS).then(answered, answered);
    }
    await publisher.close();
    expect(unanswered).toBe(0);
  });

  test('a closed queue refuses everything', async () => {
    const publisher = trial.queue.publisher();
    const subscription = trial.queue.subscribe(0);
    await trial.queue.close();
    await expect(publisher.publish(0, Buffer.from('late'), HEADERS)).rejects.toThrow(QueueUnavailable);
    await expect(trial.queue.ping()).rejects.toThrow(QueueUnavailable);
    await expect(trial.queue.declare(1)).rejects.toThrow(QueueUnavailable);
    await expect(subscription.ready()).rejects.toThrow(QueueUnavailable);
  });
}

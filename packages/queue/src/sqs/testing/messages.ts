import type { Delivery, VoteSubscription } from '../../port.ts';
import type { SqsQueue } from '../sqs-queue.ts';

export const HEADERS = { sentAt: 1_764_000_000_000, votes: 1 };

/** Which they are, in whatever order. */
export function sorted(texts: readonly (string | undefined)[]): string[] {
  return texts.map(String).sort((a, b) => a.localeCompare(b));
}

export function textOf({ body }: Delivery): string {
  return Buffer.from(body).toString();
}

/** Takes that many without acknowledging them. */
export async function take<D extends Delivery>(subscription: VoteSubscription<D>, count: number): Promise<D[]> {
  const taken: D[] = [];
  while (taken.length < count) taken.push(...(await subscription.take(1_000)));
  return taken;
}

export async function publish(queue: SqsQueue, ...texts: string[]): Promise<void> {
  const publisher = queue.publisher();
  await Promise.all(texts.map((each) => publisher.publish(0, Buffer.from(each), HEADERS)));
}

export async function refusalOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as Error,
  );
}

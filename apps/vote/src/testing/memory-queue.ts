import { type BeatMessage, decodeMessage, type MessageHeaders, type VotesMessage } from '@voteapp/contracts/message';
import { QueueUnavailable, type VotePublisher, type VoteQueue, type VoteSubscription } from '@voteapp/queue/port';

/** What becomes of a message: stored and confirmed, refused, or no answer until {@link MemoryQueue.confirmHeld}. */
export type Fate = 'confirm' | 'fail' | 'hold';

export interface Sent {
  readonly shard: number;
  readonly body: Buffer;
  readonly headers: MessageHeaders;
}

/** A queue for tests whose confirms the test decides. */
export class MemoryQueue implements VoteQueue {
  /** Every attempt, whatever became of it. */
  readonly sent: Sent[] = [];
  /** What was confirmed. */
  readonly stored: Sent[] = [];
  /** Decides for each message; the default is to confirm all. */
  fate: (sent: Sent) => Fate = () => 'confirm';
  declared = 0;
  #held: (() => void)[] = [];

  declare(shards: number): Promise<void> {
    if (this.fate({ shard: 0, body: Buffer.alloc(0), headers: { sentAt: 0, votes: 0 } }) === 'fail') {
      return Promise.reject(new QueueUnavailable('down'));
    }
    this.declared = Math.max(this.declared, shards);
    return Promise.resolve();
  }

  publisher(): VotePublisher {
    return {
      publish: (shard, body, headers) => this.#publish({ shard, body: Buffer.from(body), headers }),
      close: () => Promise.resolve(),
    };
  }

  subscribe(): VoteSubscription {
    throw new Error('Nobody consumes from this queue.');
  }

  ping(): Promise<void> {
    return this.declare(0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Confirms what is held; returns how many messages that were. */
  confirmHeld(): number {
    const held = this.#held;
    this.#held = [];
    for (const confirm of held) confirm();
    return held.length;
  }

  get batches(): VotesMessage[] {
    return decoded(this.stored).filter((message) => 'votes' in message);
  }

  /** Beats that were confirmed. */
  get beats(): BeatMessage[] {
    return decoded(this.stored).filter((message) => 'beat' in message);
  }

  #publish(sent: Sent): Promise<void> {
    this.sent.push(sent);
    switch (this.fate(sent)) {
      case 'confirm':
        this.stored.push(sent);
        return Promise.resolve();
      case 'fail':
        return Promise.reject(new QueueUnavailable('down'));
      case 'hold':
        return new Promise((resolve) => {
          this.#held.push(() => {
            this.stored.push(sent);
            resolve();
          });
        });
    }
  }
}

function decoded(messages: readonly Sent[]) {
  return messages.map(({ body }) => decodeMessage(body));
}

/** A fate for messages that carry votes; beats are confirmed. */
export function votesOnly(fate: Fate): MemoryQueue['fate'] {
  return ({ headers }) => (headers.votes > 0 ? fate : 'confirm');
}

import { QueueUnavailable } from './port.ts';
import { within } from './within.ts';

const CLOSE_LIMIT_MS = 1_000;

type Confirmation = Pick<PromiseWithResolvers<void>, 'promise' | 'reject'>;

/** What a publisher has sent and its server has not confirmed yet. */
export class Outstanding {
  readonly #server: string;
  readonly #confirmations = new Set<Confirmation>();
  #closed = false;

  /** `server`: who confirms, for the sentence of a refusal. */
  constructor(server: string) {
    this.#server = server;
  }

  /** Sends, and settles as the confirmation does. Rejects with QueueUnavailable once it is closed. */
  async confirmed(send: () => Confirmation): Promise<void> {
    if (this.#closed) throw new QueueUnavailable('The publisher is closed.');
    const confirmation = send();
    this.#confirmations.add(confirmation);
    try {
      await confirmation.promise;
    } finally {
      this.#confirmations.delete(confirmation);
    }
  }

  /** Waits a second for what is outstanding, then refuses it. */
  async close(): Promise<void> {
    this.#closed = true;
    const late = new QueueUnavailable(`The publisher was closed before ${this.#server} confirmed.`);
    const answered = Promise.allSettled([...this.#confirmations].map(({ promise }) => promise));
    await within(CLOSE_LIMIT_MS, answered, () => late).catch(() => {
      for (const { reject } of this.#confirmations) reject(late);
    });
  }
}

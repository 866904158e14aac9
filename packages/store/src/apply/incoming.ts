import { createHash } from 'node:crypto';

import { decodeMessage, MalformedMessage, type Message, type RejectReason } from '@voteapp/contracts/message';

/** Why a message or one of its entries is set aside; `detail` is for whoever looks into it. */
export interface Fault {
  readonly reason: RejectReason;
  readonly detail: string;
}

/** One message as it came off the queue. */
export interface Incoming {
  readonly body: Uint8Array;
  /** SHA-256 of the body in hexadecimal: tells a redelivery from another message of the same name. */
  readonly digest: string;
  /** null: the bytes are not a message. */
  readonly message: Message | null;
  /** Already known to be set aside whole; null: to be judged. */
  readonly fault: Fault | null;
}

export function readMessage(body: Uint8Array): Incoming {
  const digest = createHash('sha256').update(body).digest('hex');
  try {
    return { body, digest, message: decodeMessage(body), fault: null };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { body, digest, message: null, fault: { reason: 'malformed_message', detail: error.message } };
  }
}

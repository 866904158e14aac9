import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

import { JournalCorrupt, JournalFailed } from './errors.ts';
import { Journal } from './journal.ts';
import type { Answer, FromThread, ThreadData, ToThread } from './protocol.ts';

/** One group: what is written together before the first of it is confirmed. */
const GROUP_BYTES = 8 * 1024 * 1024;

if (parentPort === null) throw new Error('This module is started as a thread by the embedded queue.');
const port = parentPort;

function send(message: FromThread, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function open(): Journal | null {
  try {
    const journal = new Journal(workerData as ThreadData);
    send({ kind: 'opened', shards: journal.states, warnings: journal.warnings });
    return journal;
  } catch (error) {
    send({ kind: 'refused', corrupt: error instanceof JournalCorrupt, message: (error as Error).message });
    return null;
  }
}

function serve(journal: Journal): void {
  let appended = { records: 0, bytes: 0 };
  let settling: number[] = [];
  let closing = false;

  const answer = (call: number, run: () => Answer): void => {
    try {
      const value = run();
      send({ kind: 'answer', call, answer: value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []);
    } catch (error) {
      if (error instanceof JournalFailed) throw error;
      send({ kind: 'failed-call', call, message: (error as Error).message });
    }
  };

  const handle = (message: ToThread): void => {
    switch (message.kind) {
      case 'append':
        journal.append(message.shard, message.record);
        appended.records += 1;
        appended.bytes += message.record.byteLength;
        break;
      case 'acknowledge':
        journal.acknowledge(message.shard, message.position);
        break;
      case 'declare':
        answer(message.call, () => {
          journal.declare(message.shards);
          return journal.states;
        });
        break;
      case 'read':
        answer(message.call, () => journal.read(message.shard, message.position));
        break;
      case 'settle':
        settling.push(message.call);
        break;
      case 'close':
        closing = true;
        break;
    }
  };

  const commit = (): void => {
    if (appended.records > 0) {
      const { ends, refused } = journal.commit();
      send({ kind: 'committed', records: appended.records, ends, refused, syncs: journal.syncs });
    }
    for (const call of settling) send({ kind: 'answer', call, answer: null });
    appended = { records: 0, bytes: 0 };
    settling = [];
  };

  // Whatever has piled up while the last group was written makes the next one.
  port.on('message', (first: ToThread) => {
    let next: { message: ToThread } | undefined = { message: first };
    while (next !== undefined) {
      handle(next.message);
      next = appended.bytes < GROUP_BYTES ? receiveMessageOnPort(port) : undefined;
    }
    commit();
    if (!closing) return;
    journal.close();
    port.close();
  });
}

const journal = open();
if (journal === null) port.close();
else serve(journal);

import { parentPort, workerData } from 'node:worker_threads';

import { type Call, OPENED, type Reply, sentError } from './protocol.ts';
import { SqliteSession } from './session.ts';

if (parentPort === null) throw new Error('This module is the main module of a worker thread');
const port = parentPort;

function answer(id: number, work: () => unknown): boolean {
  let reply: Reply;
  try {
    reply = { id, value: work() };
  } catch (error) {
    reply = { id, failure: sentError(error) };
  }
  port.postMessage(reply);
  return 'value' in reply;
}

const { path } = workerData as { path: string };
let session: SqliteSession | undefined;
const opened = answer(OPENED, () => {
  session = new SqliteSession(path);
});

if (opened) {
  port.on('message', ({ id, method, args }: Call) => {
    const run = session?.[method] as (...values: readonly unknown[]) => unknown;
    answer(id, () => run.call(session, ...args));
    if (method === 'close') port.close();
  });
}

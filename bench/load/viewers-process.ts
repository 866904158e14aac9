import { connect } from 'node:net';

import { wallClock } from './load.ts';
import { type Shown, StreamReader } from './stream-reader.ts';
import type { ViewersOrder, ViewersReport } from './viewers.ts';

// Viewers of a results stream, many in one process.
const shown: Shown[][] = [];
let wanted = Infinity;
let behind = 0;

/** Tells once that all of them have been shown what was wanted. */
function tellIfDone(): void {
  if (behind > 0) return;
  behind = Infinity;
  process.send?.({ shown } satisfies ViewersReport, () => process.exit(0));
}

function watch(port: number, viewer: number): Promise<void> {
  const events: Shown[] = [];
  shown[viewer] = events;
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const reader = new StreamReader((accepted) => {
      const last = events.at(-1)?.accepted ?? -1;
      events.push({ accepted, at: wallClock() });
      resolve();
      if (last < wanted && accepted >= wanted) {
        behind -= 1;
        tellIfDone();
      }
    });
    socket.write('GET /api/results/stream HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n');
    socket.setEncoding('latin1').on('data', (text) => reader.read(text.toString()));
    socket.on('close', () => reject(new Error('A viewer was cut off.')));
    socket.on('error', reject);
  });
}

async function open({ port, viewers }: { readonly port: number; readonly viewers: number }): Promise<void> {
  await Promise.all(Array.from({ length: viewers }, (_, viewer) => watch(port, viewer)));
  process.send?.('watching');
}

process.on('message', (order: ViewersOrder) => {
  if ('viewers' in order) {
    void open(order);
    return;
  }
  wanted = order.until;
  behind = shown.filter((events) => (events.at(-1)?.accepted ?? -1) < wanted).length;
  tellIfDone();
});
process.on('disconnect', () => process.exit(0));

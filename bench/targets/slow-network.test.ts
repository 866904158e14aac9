import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

import { afterEach, expect, it } from 'vitest';

import { startSlowNetwork } from './slow-network.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

it('a slow network brings everything, in order and late', async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket)).listen(0, '127.0.0.1');
  closers.push(() => echo.close());
  await once(echo, 'listening');
  const network = await startSlowNetwork((echo.address() as AddressInfo).port, 40);
  closers.push(() => network.stop());

  const socket = connect(network.port, '127.0.0.1');
  const started = performance.now();
  const said = Array.from({ length: 100 }, (_, index) => `${index} `);
  for (const word of said) socket.write(word);
  socket.end();
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await once(socket, 'end');
  expect(heard).toBe(said.join(''));
  // Timers may fire a millisecond early.
  expect(performance.now() - started).toBeGreaterThan(2 * 40 - 2);
});

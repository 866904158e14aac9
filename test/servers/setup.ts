import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import type { TestProject } from 'vitest/node';

import { productOf, type ServerName, SERVERS } from './catalogue.ts';
import type { MySqlServer } from './mysql.ts';
import type { RabbitMqServer } from './rabbitmq.ts';
import { unlessMissing } from './software.ts';

type Server = RabbitMqServer | MySqlServer;

/** Starts each server when a suite first asks for it (`shared.ts`), once for the run, and ends all with the run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<Server | null>>();

  async function answer(socket: Socket): Promise<void> {
    const name = (await text(socket)) as ServerName;
    const server = started.get(name) ?? unlessMissing<Server>(productOf(name), SERVERS[name]());
    started.set(name, server);
    socket.end(
      await server.then(
        (address) => JSON.stringify({ address }),
        (error: unknown) => JSON.stringify({ failure: String(error) }),
      ),
    );
  }
  const listener = createServer({ allowHalfOpen: true }, (socket) => void answer(socket)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  project.provide('sharedServersPort', (listener.address() as AddressInfo).port);

  return async () => {
    listener.close();
    await Promise.all([...started.values()].map((server) => server.then((it) => it?.stop()).catch(() => {})));
  };
}

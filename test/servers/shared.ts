import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { inject } from 'vitest';

import type { ServerName } from './catalogue.ts';
import type { MySqlAddress, MySqlEngine } from './mysql.ts';
import type { RabbitMqAddress } from './rabbitmq.ts';

declare module 'vitest' {
  interface ProvidedContext {
    sharedServersPort: number;
  }
}

async function shared<Address>(name: ServerName): Promise<Address | null> {
  const answer = await text(connect(inject('sharedServersPort'), '127.0.0.1').end(name));
  const { address = null, failure } = JSON.parse(answer) as { address?: Address | null; failure?: string };
  if (failure !== undefined) throw new Error(failure);
  return address;
}

/** The broker that all suites of the run share; null where there is none. A suite that maltreats it starts its own. */
export function sharedRabbitMq(): Promise<RabbitMqAddress | null> {
  return shared('rabbitmq-4.3');
}

/** The database server that all suites of the run share, each with databases of its own; null where there is none. */
export function sharedMySql(engine: MySqlEngine): Promise<MySqlAddress | null> {
  return shared(engine);
}

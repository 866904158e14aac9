import { inject } from 'vitest';

import { askFor } from '../tools/started-once.ts';
import type { MySqlAddress, MySqlEngine } from './mysql.ts';
import type { RabbitMqAddress } from './rabbitmq.ts';

declare module 'vitest' {
  interface ProvidedContext {
    sharedServersPort: number;
  }
}

/** The broker that all suites of the run share; null where there is none. A suite that maltreats it starts its own. */
export function sharedRabbitMq(): Promise<RabbitMqAddress | null> {
  return askFor(inject('sharedServersPort'), 'rabbitmq-4.3');
}

/** The database server that all suites of the run share, each with databases of its own; null where there is none. */
export function sharedMySql(engine: MySqlEngine): Promise<MySqlAddress | null> {
  return askFor(inject('sharedServersPort'), engine);
}

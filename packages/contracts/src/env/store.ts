import * as z from 'zod';

import { authorities, flag, port } from './shared.ts';

/** Where the store is: read by worker and front. */
export const storeEnv = {
  MYSQL_HOST: z.string().min(1).describe('Host of MySQL or MariaDB.'),
  MYSQL_PORT: port.default(3306).describe('Its port.'),
  MYSQL_USER: z.string().min(1).describe('User of the services.'),
  MYSQL_PASSWORD: z.string().describe('Password of that user.'),
  MYSQL_DB: z.string().min(1).max(64).default('voteapp').describe('Database of the poll.'),
  MYSQL_TLS: flag.describe('Whether the connection is encrypted and the server’s certificate verified.'),
  MYSQL_CA: authorities,
};

const storeConfig = z.object(storeEnv);
export type StoreConfig = z.output<typeof storeConfig>;

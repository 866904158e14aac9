import type { StoreConfig } from '@voteapp/contracts/env/store';
import { publicAuthoritiesAnd } from '@voteapp/kit/authorities';

import { type MySqlStore, openMySqlStore } from './mysql/store.ts';

/** The store that the environment names. Nothing is connected before the first call. */
export function openStore(config: StoreConfig): MySqlStore {
  return openMySqlStore({
    host: config.MYSQL_HOST,
    port: config.MYSQL_PORT,
    user: config.MYSQL_USER,
    password: config.MYSQL_PASSWORD,
    database: config.MYSQL_DB,
    ...(config.MYSQL_TLS && {
      tls: {
        rejectUnauthorized: true,
        ca: config.MYSQL_CA === undefined ? undefined : publicAuthoritiesAnd(config.MYSQL_CA),
      },
    }),
  });
}

import * as z from 'zod';

import { clientTls, loginSecret } from './connection.ts';
import { host, tcpPort } from './names.ts';
import { podFields } from './pods.ts';
import { memberRules, withRules } from './rule.ts';
import { storage } from './storage.ts';

export const DATABASE_TYPES = ['Managed', 'External'] as const;
export const DATABASE_ENGINES = ['MySQL', 'MariaDB'] as const;
export const DEFAULT_MYSQL_PORT = 3306;
/** Name of the database where the resource does not say, and always in a managed one. */
export const DEFAULT_DATABASE = 'voteapp';

export type DatabaseType = (typeof DATABASE_TYPES)[number];
export type DatabaseEngine = (typeof DATABASE_ENGINES)[number];

const managed = z
  .strictObject({
    engine: z
      .enum(DATABASE_ENGINES)
      .optional()
      .describe('Which server runs; it stays as it is, for one cannot read the other’s files. Default: MySQL.'),
    ...podFields('the database, of the same engine'),
    storage: storage(),
  })
  .optional()
  .describe('A database of one instance that the operator runs; with type Managed.');

const external = z
  .strictObject({
    host: host().describe('Host name or address of the server; of a cluster, the one that takes writes.'),
    port: tcpPort().optional().describe(`Port of the server. Default: ${DEFAULT_MYSQL_PORT}.`),
    database: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[0-9A-Za-z_$-]+$/, 'must be letters, digits, underscores, dollars or dashes')
      .optional()
      .describe(`Database on the server, for this resource alone. Default: ${DEFAULT_DATABASE}.`),
    secretRef: loginSecret('the database'),
    tls: clientTls(),
  })
  .optional()
  .describe('A MySQL or MariaDB server that somebody else runs; with type External.');

export const databaseSchema = withRules(
  z.strictObject({
    type: z.enum(DATABASE_TYPES).describe('Who runs the database: the operator, or somebody else. It stays as it is.'),
    managed,
    external,
  }),
  ...memberRules<DatabaseType>({
    Managed: { member: 'managed', required: false },
    External: { member: 'external', required: true },
  }),
).describe('Where votes are counted and kept. Default: a managed MySQL.');

import { startMySql } from './mysql.ts';
import { startRabbitMq } from './rabbitmq.ts';

/** The servers that the project is tested on. */
export const SERVERS = {
  'rabbitmq-4.3': startRabbitMq,
  'mysql-9.7': () => startMySql('mysql-9.7'),
  'mariadb-11.8': () => startMySql('mariadb-11.8'),
  'mariadb-10.11': () => startMySql('mariadb-10.11'),
} as const;

export type ServerName = keyof typeof SERVERS;

/** Its name without the version, as in VOTEAPP_TEST_REQUIRE. */
export function productOf(name: ServerName): string {
  return name.slice(0, name.indexOf('-'));
}

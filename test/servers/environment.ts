import type { MySqlAddress } from './mysql.ts';
import type { RabbitMqAddress } from './rabbitmq.ts';

/** The environment that leads the services to these servers. */
export function serverEnvironment(rabbitmq: RabbitMqAddress, mysql: MySqlAddress, database: string) {
  return {
    RABBITMQ_HOST: rabbitmq.host,
    RABBITMQ_PORT: String(rabbitmq.port),
    RABBITMQ_USER: rabbitmq.user,
    RABBITMQ_PASSWORD: rabbitmq.password,
    MYSQL_HOST: mysql.host,
    MYSQL_PORT: String(mysql.port),
    MYSQL_USER: mysql.user,
    MYSQL_PASSWORD: mysql.password,
    MYSQL_DB: database,
  };
}

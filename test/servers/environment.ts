import type { MySqlAddress } from './mysql.ts';
import type { RabbitMqAddress } from './rabbitmq.ts';
import type { SqsServerAddress } from './sqs.ts';

function queueEnvironment(queue: RabbitMqAddress | SqsServerAddress) {
  if ('endpoint' in queue) {
    return {
      QUEUE_TYPE: 'SQS',
      AWS_REGION: queue.region,
      AWS_ENDPOINT_URL_SQS: queue.endpoint,
      AWS_ACCESS_KEY: queue.credentials.accessKeyId,
      AWS_SECRET_KEY: queue.credentials.secretAccessKey,
    };
  }
  return {
    RABBITMQ_HOST: queue.host,
    RABBITMQ_PORT: String(queue.port),
    RABBITMQ_USER: queue.user,
    RABBITMQ_PASSWORD: queue.password,
  };
}

/** The environment that leads the services to these servers. */
export function serverEnvironment(queue: RabbitMqAddress | SqsServerAddress, mysql: MySqlAddress, database: string) {
  return {
    ...queueEnvironment(queue),
    MYSQL_HOST: mysql.host,
    MYSQL_PORT: String(mysql.port),
    MYSQL_USER: mysql.user,
    MYSQL_PASSWORD: mysql.password,
    MYSQL_DB: database,
  };
}

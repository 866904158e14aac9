import { expect, test } from 'vitest';

import { databaseConnection, keyFiles, queueConnection, type ServerConnection } from './connections.ts';
import { createContext } from './context.ts';
import type { Facts } from './facts.ts';
import { facts, votingApp } from './fixtures/voting-app.ts';

const external = { host: 'db.example.com', secretRef: { name: 'db-login' } };
const externalRabbitmq = { host: 'mq.example.com', secretRef: { name: 'mq-login' } };

/** A connection, each file as `<Secret>/<key>` under the variable that it stands for. */
function told({ port, env, files }: ServerConnection): { port: number; env: object; files: object } {
  const paths = files.map(({ variable, secret, key }) => [variable, `${secret}/${key}`] as const);
  return { port, env, files: Object.fromEntries(paths) };
}

interface Case {
  readonly section?: object;
  readonly known?: Partial<Facts>;
  readonly expected: ReturnType<typeof told>;
}

const dbLogin = { MYSQL_USER: 'db-login/username', MYSQL_PASSWORD: 'db-login/password' };
const mqLogin = { RABBITMQ_USER: 'mq-login/username', RABBITMQ_PASSWORD: 'mq-login/password' };

test.each<[string, Case]>(
  Object.entries({
    'our own database has the services’ user and password': {
      expected: {
        port: 3306,
        env: { MYSQL_HOST: 'shop-mysql-service', MYSQL_USER: 'voteapp', MYSQL_DB: 'voteapp' },
        files: { MYSQL_PASSWORD: 'shop-voteapp-secret/mysql_password' },
      },
    },
    'the other engine is the same to them': {
      section: { type: 'Managed', managed: { engine: 'MariaDB' } },
      expected: {
        port: 3306,
        env: { MYSQL_HOST: 'shop-mysql-service', MYSQL_USER: 'voteapp', MYSQL_DB: 'voteapp' },
        files: { MYSQL_PASSWORD: 'shop-voteapp-secret/mysql_password' },
      },
    },
    'an external database has the login of its Secret': {
      section: { type: 'External', external },
      expected: {
        port: 3306,
        env: { MYSQL_HOST: 'db.example.com', MYSQL_PORT: '3306', MYSQL_DB: 'voteapp' },
        files: dbLogin,
      },
    },
    'an external database has its port, name and authorities': {
      section: {
        type: 'External',
        external: { ...external, port: 3307, database: 'tv', tls: { enabled: true, caSecretRef: { name: 'ca' } } },
      },
      expected: {
        port: 3307,
        env: { MYSQL_HOST: 'db.example.com', MYSQL_PORT: '3307', MYSQL_DB: 'tv', MYSQL_TLS: 'true' },
        files: { ...dbLogin, MYSQL_CA: 'ca/ca.crt' },
      },
    },
    'encryption by public authorities needs no file': {
      section: { type: 'External', external: { ...external, tls: { enabled: true } } },
      expected: {
        port: 3306,
        env: { MYSQL_HOST: 'db.example.com', MYSQL_PORT: '3306', MYSQL_DB: 'voteapp', MYSQL_TLS: 'true' },
        files: dbLogin,
      },
    },
    'encryption that is off is not spoken of': {
      section: { type: 'External', external: { ...external, tls: { enabled: false } } },
      expected: {
        port: 3306,
        env: { MYSQL_HOST: 'db.example.com', MYSQL_PORT: '3306', MYSQL_DB: 'voteapp' },
        files: dbLogin,
      },
    },
  }),
)('%s', (_, { section, expected }) => {
  expect(told(databaseConnection(createContext(votingApp({ database: section }), facts())))).toEqual(expected);
});

test.each<[string, Case]>(
  Object.entries({
    'our own broker has the services’ user and password': {
      expected: {
        port: 5672,
        env: { RABBITMQ_HOST: 'shop-rabbitmq-service', RABBITMQ_USER: 'voteapp' },
        files: { RABBITMQ_PASSWORD: 'shop-voteapp-secret/rabbitmq_password' },
      },
    },
    'an external broker has the login of its Secret': {
      section: { type: 'ExternalRabbitMQ', externalRabbitmq: { ...externalRabbitmq, vhost: 'tv' } },
      expected: {
        port: 5672,
        env: { RABBITMQ_HOST: 'mq.example.com', RABBITMQ_PORT: '5672', RABBITMQ_VHOST: 'tv' },
        files: mqLogin,
      },
    },
    'an encrypted broker is at another port, and its authorities may be a Secret’s': {
      section: {
        type: 'ExternalRabbitMQ',
        externalRabbitmq: { ...externalRabbitmq, tls: { enabled: true, caSecretRef: { name: 'ca', key: 'root.pem' } } },
      },
      expected: {
        port: 5671,
        env: { RABBITMQ_HOST: 'mq.example.com', RABBITMQ_PORT: '5671', RABBITMQ_VHOST: '/', RABBITMQ_TLS: 'true' },
        files: { ...mqLogin, RABBITMQ_CA: 'ca/root.pem' },
      },
    },
    'a port that was said is the port, encrypted or not': {
      section: {
        type: 'ExternalRabbitMQ',
        externalRabbitmq: { ...externalRabbitmq, port: 5700, tls: { enabled: true } },
      },
      expected: {
        port: 5700,
        env: { RABBITMQ_HOST: 'mq.example.com', RABBITMQ_PORT: '5700', RABBITMQ_VHOST: '/', RABBITMQ_TLS: 'true' },
        files: mqLogin,
      },
    },
    'a RabbitmqCluster is where its status says, with the login that it made': {
      section: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq', vhost: 'tv' } },
      known: { rabbitmqCluster: { host: 'mq.show.svc', secret: 'mq-default-user' } },
      expected: {
        port: 5672,
        env: { RABBITMQ_HOST: 'mq.show.svc', RABBITMQ_PORT: '5672', RABBITMQ_VHOST: 'tv' },
        files: { RABBITMQ_USER: 'mq-default-user/username', RABBITMQ_PASSWORD: 'mq-default-user/password' },
      },
    },
    'SQS is that of AWS in the region, by the identity of the pods': {
      section: { type: 'SQS', sqs: { region: 'eu-west-1' } },
      expected: { port: 443, env: { QUEUE_TYPE: 'SQS', AWS_REGION: 'eu-west-1' }, files: {} },
    },
    'SQS is at its endpoint, with the key of its Secret': {
      section: {
        type: 'SQS',
        sqs: { region: 'eu-west-1', endpoint: 'https://sqs.example.com:8443/', secretRef: { name: 'aws' } },
      },
      expected: {
        port: 8443,
        env: {
          QUEUE_TYPE: 'SQS',
          AWS_REGION: 'eu-west-1',
          AWS_ENDPOINT_URL_SQS: 'https://sqs.example.com:8443/',
        },
        files: { AWS_ACCESS_KEY: 'aws/aws_access_key', AWS_SECRET_KEY: 'aws/aws_secret_key' },
      },
    },
    'SQS in the clear is at the port of HTTP': {
      section: { type: 'SQS', sqs: { region: 'local', endpoint: 'http://sqs' } },
      expected: {
        port: 80,
        env: { QUEUE_TYPE: 'SQS', AWS_REGION: 'local', AWS_ENDPOINT_URL_SQS: 'http://sqs' },
        files: {},
      },
    },
    'an encrypted RabbitmqCluster is at another port': {
      section: { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'mq', tls: { enabled: true } } },
      known: { rabbitmqCluster: { host: 'mq.show.svc', secret: 'mq-default-user' } },
      expected: {
        port: 5671,
        env: { RABBITMQ_HOST: 'mq.show.svc', RABBITMQ_PORT: '5671', RABBITMQ_VHOST: '/', RABBITMQ_TLS: 'true' },
        files: { RABBITMQ_USER: 'mq-default-user/username', RABBITMQ_PASSWORD: 'mq-default-user/password' },
      },
    },
  }),
)('%s', (_, { section, known, expected }) => {
  expect(told(queueConnection(createContext(votingApp({ queue: section }), facts(known))))).toEqual(expected);
});

test('only the vote service can make tags of voters, and the worker has no key', () => {
  const context = createContext(votingApp(), facts());
  const keys = (['vote', 'front', 'worker'] as const).map((service) =>
    keyFiles(context, service).map(({ variable, secret, key }) => `${variable}: ${secret}/${key}`),
  );
  const session = 'SESSION_KEY: shop-voteapp-secret/session_key';
  expect(keys).toEqual([[session, 'ROUND_KEY: shop-voteapp-secret/round_key'], [session], []]);
});

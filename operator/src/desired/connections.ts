import { MANAGED_USER, type SecretKey } from '@voteapp/contracts/cluster-objects';
import { ACCESS_KEY_KEYS, DEFAULT_CA_KEY, LOGIN_KEYS } from '@voteapp/contracts/resource/connection';
import { DEFAULT_DATABASE, DEFAULT_MYSQL_PORT } from '@voteapp/contracts/resource/database';
import { DEFAULT_AMQP_PORT, DEFAULT_VHOST, type SqsSection } from '@voteapp/contracts/resource/queue';

import type { Context } from './context.ts';

/** A value of a Secret, which a pod reads as a file named as the variable it stands for. */
export interface SecretFile {
  /** Name of the environment variable. */
  readonly variable: string;
  readonly secret: string;
  readonly key: string;
}

/** Where a server is, and how to log in there. */
export interface ServerConnection {
  /** Port that its pods listen on. */
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly SecretFile[];
}

function ownKey({ names }: Context, variable: string, key: SecretKey): SecretFile {
  return { variable, secret: names.secret, key };
}

function loginFiles(prefix: 'MYSQL' | 'RABBITMQ', secret: string): SecretFile[] {
  return [
    { variable: `${prefix}_USER`, secret, key: LOGIN_KEYS.username },
    { variable: `${prefix}_PASSWORD`, secret, key: LOGIN_KEYS.password },
  ];
}

interface Tls {
  readonly enabled: boolean;
  readonly caSecretRef?: { readonly name: string; readonly key?: string | undefined } | undefined;
}

function tlsSettings(prefix: 'MYSQL' | 'RABBITMQ', tls: Tls | undefined) {
  if (tls?.enabled !== true) return { env: {}, files: [] };
  const ca = tls.caSecretRef;
  return {
    env: { [`${prefix}_TLS`]: 'true' },
    files: ca === undefined ? [] : [{ variable: `${prefix}_CA`, secret: ca.name, key: ca.key ?? DEFAULT_CA_KEY }],
  };
}

export function databaseConnection(context: Context): ServerConnection {
  const { app, names } = context;
  const external = app.spec.database?.external;
  if (external === undefined) {
    return {
      port: DEFAULT_MYSQL_PORT,
      env: { MYSQL_HOST: names.service('mysql'), MYSQL_USER: MANAGED_USER, MYSQL_DB: DEFAULT_DATABASE },
      files: [ownKey(context, 'MYSQL_PASSWORD', 'mysql_password')],
    };
  }
  const { host, port = DEFAULT_MYSQL_PORT, database = DEFAULT_DATABASE, secretRef } = external;
  const tls = tlsSettings('MYSQL', external.tls);
  return {
    port,
    env: { MYSQL_HOST: host, MYSQL_PORT: String(port), MYSQL_DB: database, ...tls.env },
    files: [...loginFiles('MYSQL', secretRef.name), ...tls.files],
  };
}

export const HTTP_PORTS = { plain: 80, tls: 443 } as const;

interface OutsideQueue {
  readonly host: string;
  readonly port?: number | undefined;
  readonly vhost?: string | undefined;
  /** Name of the Secret with the login. */
  readonly secret: string;
  readonly tls?: Tls | undefined;
}

/** A broker that the operator does not run; null where it does. */
function outsideQueue({ app, facts }: Context): OutsideQueue | null {
  const { type, externalRabbitmq, rabbitmqCluster } = app.spec.queue ?? {};
  if (type === 'ExternalRabbitMQ' && externalRabbitmq !== undefined) {
    return { ...externalRabbitmq, secret: externalRabbitmq.secretRef.name };
  }
  if (type !== 'RabbitmqCluster') return null;
  // Before the cluster has told, nothing of this is applied.
  const { host, secret } = facts.rabbitmqCluster ?? { host: '', secret: '' };
  return { ...rabbitmqCluster, host, secret };
}

/** The port of a URL, which mostly does not say it. */
function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? HTTP_PORTS[protocol === 'http:' ? 'plain' : 'tls'] : Number(port);
}

function sqsConnection({ region, endpoint, secretRef }: SqsSection): ServerConnection {
  const secret = secretRef?.name;
  return {
    port: endpoint === undefined ? HTTP_PORTS.tls : portOf(endpoint),
    env: {
      QUEUE_TYPE: 'SQS',
      AWS_REGION: region,
      ...(endpoint !== undefined && { AWS_ENDPOINT_URL_SQS: endpoint }),
    },
    files:
      secret === undefined
        ? []
        : [
            { variable: 'AWS_ACCESS_KEY', secret, key: ACCESS_KEY_KEYS.id },
            { variable: 'AWS_SECRET_KEY', secret, key: ACCESS_KEY_KEYS.secret },
          ],
  };
}

export function queueConnection(context: Context): ServerConnection {
  const { sqs } = context.app.spec.queue ?? {};
  if (sqs !== undefined) return sqsConnection(sqs);
  const outside = outsideQueue(context);
  if (outside === null) {
    return {
      port: DEFAULT_AMQP_PORT.plain,
      env: { RABBITMQ_HOST: context.names.service('rabbitmq'), RABBITMQ_USER: MANAGED_USER },
      files: [ownKey(context, 'RABBITMQ_PASSWORD', 'rabbitmq_password')],
    };
  }
  const { host, vhost = DEFAULT_VHOST, secret } = outside;
  const port = outside.port ?? DEFAULT_AMQP_PORT[outside.tls?.enabled === true ? 'tls' : 'plain'];
  const tls = tlsSettings('RABBITMQ', outside.tls);
  return {
    port,
    env: { RABBITMQ_HOST: host, RABBITMQ_PORT: String(port), RABBITMQ_VHOST: vhost, ...tls.env },
    files: [...loginFiles('RABBITMQ', secret), ...tls.files],
  };
}

/** The keys that a service signs and tags with. */
export function keyFiles(context: Context, service: 'vote' | 'front' | 'worker'): SecretFile[] {
  if (service === 'worker') return [];
  const session = ownKey(context, 'SESSION_KEY', 'session_key');
  return service === 'vote' ? [session, ownKey(context, 'ROUND_KEY', 'round_key')] : [session];
}

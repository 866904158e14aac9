import { hostname } from 'node:os';

import * as z from 'zod';

import type { Release } from './desired/facts.ts';
import { VERSION } from './release.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function image(fallback: string) {
  return z.string().min(1).default(fallback);
}

function seconds(fallback: number) {
  return z.coerce.number().int().min(1).max(3_600).default(fallback);
}

const namespaces = z
  .string()
  .default('')
  .transform((list) => list.split(',').map((name) => name.trim()))
  .transform((names) => names.filter((name) => name !== ''))
  .refine((names) => names.every((name) => DNS_LABEL.test(name)), 'must be names of namespaces, comma-separated');

/** Environment of the operator as a process. */
export const operatorEnv = z
  .object({
    WATCH_NAMESPACE: namespaces.describe('Namespaces to watch, comma-separated. Default: all.'),
    POD_NAMESPACE: z
      .string()
      .regex(DNS_LABEL)
      .default('voteapp-system')
      .describe('Namespace that the operator runs in.'),
    POD_NAME: z.string().min(1).default(hostname()).describe('Name of its pod: no other one has it.'),
    HOST: z.string().default('0.0.0.0').describe('Address to listen on.'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(9_090).describe('Port of /healthz, /readyz and /metrics.'),
    LOG_LEVEL: z.enum(LEVELS).default('info').describe('Least severe log lines written.'),
    LEASE_DURATION_SECONDS: seconds(15).describe('How long others leave a leader alone that is not heard of.'),
    RENEW_DEADLINE_SECONDS: seconds(10).describe('How long a leader leads without renewing its Lease.'),
    RETRY_PERIOD_SECONDS: seconds(2).describe('Between two tries to take or renew it.'),
    RELATED_IMAGE_VOTE: image(`voteapp-vote:${VERSION}`).describe('Image of the vote service.'),
    RELATED_IMAGE_WORKER: image(`voteapp-worker:${VERSION}`).describe('Image of the worker.'),
    RELATED_IMAGE_FRONT: image(`voteapp-front:${VERSION}`).describe('Image of the front service.'),
    RELATED_IMAGE_MYSQL: image('docker.io/library/mysql:9.7').describe('Image of managed MySQL.'),
    RELATED_IMAGE_MARIADB: image('docker.io/library/mariadb:11.8').describe('Image of managed MariaDB.'),
    RELATED_IMAGE_RABBITMQ: image('docker.io/library/rabbitmq:4.3').describe('Image of managed RabbitMQ.'),
  })
  .refine(
    ({ LEASE_DURATION_SECONDS: lease, RENEW_DEADLINE_SECONDS: renew, RETRY_PERIOD_SECONDS: retry }) =>
      lease > renew && renew > retry,
    {
      error: 'must be above RENEW_DEADLINE_SECONDS, and that above RETRY_PERIOD_SECONDS',
      path: ['LEASE_DURATION_SECONDS'],
    },
  );

export type OperatorConfig = z.output<typeof operatorEnv>;

/** What this operator runs unless a VotingApp says otherwise. */
export function releaseOf(config: OperatorConfig): Release {
  return {
    version: VERSION,
    images: {
      vote: config.RELATED_IMAGE_VOTE,
      worker: config.RELATED_IMAGE_WORKER,
      front: config.RELATED_IMAGE_FRONT,
      mysql: config.RELATED_IMAGE_MYSQL,
      mariadb: config.RELATED_IMAGE_MARIADB,
      rabbitmq: config.RELATED_IMAGE_RABBITMQ,
    },
  };
}

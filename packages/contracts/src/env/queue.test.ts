import { expect, test } from 'vitest';
import * as z from 'zod';

import { queueEnv, withQueue } from './queue.ts';

const schema = withQueue(z.object(queueEnv));

/** Names of what is wrong. */
function problemsOf(env: Record<string, string>): string[] {
  return (schema.safeParse(env).error?.issues ?? []).map(({ path }) => path.join('.'));
}

const SQS = { QUEUE_TYPE: 'SQS', AWS_REGION: 'eu-west-1' };

test.each([
  {
    title: 'RabbitMQ by default, with host and password',
    env: { RABBITMQ_HOST: 'h', RABBITMQ_PASSWORD: 'p' },
    problems: [],
  },
  { title: 'RabbitMQ without either', env: {}, problems: ['RABBITMQ_HOST', 'RABBITMQ_PASSWORD'] },
  { title: 'SQS by an identity that the SDK finds', env: SQS, problems: [] },
  { title: 'SQS by a key', env: { ...SQS, AWS_ACCESS_KEY: 'a', AWS_SECRET_KEY: 's' }, problems: [] },
  { title: 'SQS without a region', env: { QUEUE_TYPE: 'SQS' }, problems: ['AWS_REGION'] },
  { title: 'half a key', env: { ...SQS, AWS_ACCESS_KEY: 'a' }, problems: ['AWS_SECRET_KEY'] },
  { title: 'the other half', env: { ...SQS, AWS_SECRET_KEY: 's' }, problems: ['AWS_ACCESS_KEY'] },
  {
    title: 'another server that speaks as SQS does',
    env: { ...SQS, AWS_ENDPOINT_URL_SQS: 'http://sqs:4566' },
    problems: [],
  },
  { title: 'an unknown type', env: { QUEUE_TYPE: 'Kafka' }, problems: ['QUEUE_TYPE'] },
  {
    title: 'something missing beside something wrong',
    env: { QUEUE_TYPE: 'SQS', AWS_ENDPOINT_URL_SQS: 'sqs' },
    problems: ['AWS_ENDPOINT_URL_SQS', 'AWS_REGION'],
  },
])('the environment of the queue: $title', ({ env, problems }) => {
  expect(problemsOf(env)).toEqual(problems);
});

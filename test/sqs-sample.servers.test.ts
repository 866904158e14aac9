import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SECRET_KEYS } from '@voteapp/contracts/cluster-objects';
import { resourceSchema, type VotingApp } from '@voteapp/contracts/resource/voting-app';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { plainOperator } from '../cli/src/render/operator.ts';
import { renderOffline } from '../cli/src/render/render.ts';
import { createDatabase, type MySqlAddress } from './servers/mysql.ts';
import { sharedMySql } from './servers/shared.ts';
import { type SqsServer, startSqs } from './servers/sqs.ts';
import { kill, startService, untilReady } from './tools/deployment.ts';
import { type PlayedIdentities, playIdentities } from './tools/played-identities.ts';
import { podEnvironment } from './tools/pod-environment.ts';

const SAMPLE = new URL('../manifests/samples/sqs.yaml', import.meta.url);
const KEY = Buffer.alloc(32, 7).toString('base64');
const LONG = { timeout: 120_000 };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}, 60_000);

interface Case {
  /** What the sample has instead of its annotations; absent: it stays as it is. */
  readonly login?: object;
  /** What EKS adds to the pods. */
  readonly added: (identities: PlayedIdentities, tokenFile: string) => Readonly<Record<string, string>>;
  /** Who asks for credentials. */
  readonly asked: readonly string[];
}

/** That of the sample. */
const ROLE = 'arn:aws:iam::111122223333:role/polls';
const IDENTITIES: Readonly<Record<string, Case>> = {
  'the role of its ServiceAccounts': {
    added: ({ url }, tokenFile) => ({
      AWS_ROLE_ARN: ROLE,
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ENDPOINT_URL_STS: url,
    }),
    asked: [`${ROLE} token of the pod`],
  },
  'EKS Pod Identity': {
    login: {},
    added: ({ url }, tokenFile) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    }),
    asked: ['token of the pod'],
  },
  'the access key of a Secret': { login: { secretRef: { name: 'aws' } }, added: () => ({}), asked: [] },
};

/** The sample on these servers. */
async function sample(
  { endpoint }: SqsServer,
  { host, port }: MySqlAddress,
  database: string,
  login: object | undefined,
): Promise<VotingApp> {
  const resource = parse(await readFile(SAMPLE, 'utf8')) as { spec: object };
  const { region, ...identity } = resourceSchema.parse(resource).spec.queue!.sqs!;
  const spec = {
    ...resource.spec,
    queue: { type: 'SQS', sqs: { region, endpoint, ...(login ?? identity) } },
    database: { type: 'External', external: { host, port, database, secretRef: { name: 'database' } } },
  };
  return resourceSchema.parse({ ...resource, spec });
}

describe('the sample of SQS, as what the operator tells its pods', () => {
  test.for(Object.entries(IDENTITIES))('counts votes by %s', async ([, { login, added, asked }], { skip }) => {
    const mysql = await sharedMySql('mysql-9.7');
    if (mysql === null) return skip('MySQL is missing');
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-pods-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const sqs = await startSqs();
    cleanups.push(() => sqs.stop());
    const identities = await playIdentities();
    cleanups.push(() => identities.stop());
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'token of the pod');

    const app = await sample(sqs, mysql, await createDatabase(mysql), login);
    const objects = renderOffline(app, plainOperator(undefined));
    const secrets = {
      'sqs-voteapp-secret': Object.fromEntries(SECRET_KEYS.map((key) => [key, KEY])),
      database: { username: mysql.user, password: mysql.password },
      aws: { aws_access_key: sqs.credentials.accessKeyId, aws_secret_key: sqs.credentials.secretAccessKey },
    };
    const start = async (service: 'vote' | 'worker' | 'front', here: Readonly<Record<string, string>> = {}) => {
      const told = await podEnvironment(service, { objects, secrets, folder });
      const { ADMIN_PORT: __, ...environment } = told;
      const identity = service === 'front' ? {} : added(identities, tokenFile);
      const started = await startService(service, {
        ...environment,
        ...identity,
        HOST: '127.0.0.1',
        PORT: '0',
        ...here,
      });
      cleanups.push(() => kill(started));
      await untilReady(started);
      return started;
    };
    const [worker, front] = await Promise.all([start('worker'), start('front')]);
    const vote = await start('vote', { FRONT_URL: front.url });

    for (const option of ['coca', 'pepsi', 'pepsi']) {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ option });
      expect((await fetch(`${vote.url}/api/vote`, { method: 'POST', headers, body })).status).toBe(202);
    }
    const counted = async () => (await fetch(`${front.url}/api/votes`)).json();
    await expect.poll(counted, LONG).toEqual({ votes: { coca: '1', pepsi: '2' } });
    expect((await fetch(`${vote.url}/api/healthcheck`)).status).toBe(200);
    expect((await fetch(`${worker.url}/api/healthchecksqs`)).status).toBe(200);
    expect([...new Set(identities.asked)]).toEqual(asked);
  });
});

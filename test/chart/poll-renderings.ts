import { expect } from 'vitest';

import type { Values } from './helm.ts';
import type { Release } from './release.ts';

const POLL = { options: [{ id: 'pizza', label: 'Pizza' }, { id: 'salad' }] };
const EXTERNAL = { type: 'External', external: { host: 'mysql.example.com' } };
const SQS = { type: 'SQS', sqs: { region: 'eu-west-1' } };
const OWN_RABBITMQ = { type: 'ExternalRabbitMQ', externalRabbitmq: { host: 'rabbitmq.example.com' } };

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** What the chart of a poll makes of values. */
export const RENDERED: Readonly<Record<string, readonly [values: Values, check: (release: Release) => void]>> = {
  'by default it is a poll between coca and pepsi, named as the release': [
    {},
    (release) => {
      expect(release.names()).toEqual(['VotingApp voteapp-system/voteapp']);
      expect(release.the('VotingApp').spec).toEqual({
        poll: { options: [{ id: 'coca' }, { id: 'pepsi' }] },
        database: { type: 'Managed' },
        queue: { type: 'RabbitMQ' },
        expose: { type: 'None' },
        networkPolicy: { enabled: true },
        monitoring: { enabled: false },
        deletionPolicy: 'Retain',
        logLevel: 'Info',
      });
    },
  ],
  'every section is as it was written': [
    {
      version: '1.2.0',
      poll: { ...POLL, title: "What's 'lunch': 9é?", opensAt: '2031-05-04T11:00:00Z' },
      vote: { replicas: 4, resources: { requests: { cpu: '1', memory: 1_073_741_824 } } },
      primeTime: { vote: { replicas: 40 } },
      expose: { type: 'Ingress', hosts: { vote: 'vote.example.com', front: 'results.example.com' } },
      hibernate: true,
      images: { registry: 'registry.example.com/voteapp' },
    },
    (release) =>
      expect(release.the('VotingApp').spec).toMatchObject({
        version: '1.2.0',
        poll: { ...POLL, title: "What's 'lunch': 9é?", opensAt: '2031-05-04T11:00:00Z' },
        vote: { replicas: 4, resources: { requests: { cpu: '1', memory: 1_073_741_824 } } },
        primeTime: { vote: { replicas: 40 } },
        expose: { type: 'Ingress', hosts: { vote: 'vote.example.com', front: 'results.example.com' } },
        hibernate: true,
        images: { registry: 'registry.example.com/voteapp' },
      }),
  ],
  'it is named, labelled and annotated as asked for, but keeps its own labels': [
    {
      fullnameOverride: 'lunch',
      labels: { team: 'polls', 'app.kubernetes.io/part-of': 'mine' },
      annotations: { 'voteapp.dev/reconcile': 'disabled' },
    },
    (release) =>
      expect(release.the('VotingApp').metadata).toMatchObject({
        name: 'lunch',
        labels: { team: 'polls', 'app.kubernetes.io/part-of': 'voteapp', 'app.kubernetes.io/instance': 'voteapp' },
        annotations: { 'voteapp.dev/reconcile': 'disabled' },
      }),
  ],
  'passwords of servers outside become Secrets that the poll names': [
    {
      database: EXTERNAL,
      queue: OWN_RABBITMQ,
      passwords: { MYSQL_PASSWORD: 'p"4: %', RABBITMQ_USER: 'votes', RABBITMQ_PASSWORD: 'q' },
    },
    (release) => {
      expect(release.names('Secret')).toEqual([
        'Secret voteapp-system/voteapp-database-login',
        'Secret voteapp-system/voteapp-queue-login',
      ]);
      expect(release.the('Secret', 'voteapp-database-login')).toMatchObject({
        type: 'kubernetes.io/basic-auth',
        data: { username: base64('voteapp'), password: base64('p"4: %') },
      });
      expect(release.the('Secret', 'voteapp-queue-login')).toMatchObject({
        data: { username: base64('votes'), password: base64('q') },
      });
      expect(release.the('VotingApp').spec).toMatchObject({
        database: { external: { host: 'mysql.example.com', secretRef: { name: 'voteapp-database-login' } } },
        queue: { externalRabbitmq: { secretRef: { name: 'voteapp-queue-login' } } },
      });
    },
  ],
  'an access key becomes a Secret that the poll names': [
    { queue: SQS, passwords: { AWS_ACCESS_KEY: 'AKIAEXAMPLE', AWS_SECRET_KEY: 'q"/+: %' } },
    (release) => {
      expect(release.names('Secret')).toEqual(['Secret voteapp-system/voteapp-queue-login']);
      expect(release.the('Secret', 'voteapp-queue-login')).toMatchObject({
        type: 'Opaque',
        data: { aws_access_key: base64('AKIAEXAMPLE'), aws_secret_key: base64('q"/+: %') },
      });
      expect(release.the('VotingApp').spec).toMatchObject({
        queue: { sqs: { region: 'eu-west-1', secretRef: { name: 'voteapp-queue-login' } } },
      });
    },
  ],
  'without an access key the pods are somebody to SQS, or the Secret is yours': [
    { queue: SQS },
    (release) => {
      expect(release.names('Secret')).toEqual([]);
      expect(release.the('VotingApp').spec).toMatchObject({ queue: SQS });
    },
  ],
  'a Secret of yours is named, and none is made': [
    { database: { ...EXTERNAL, external: { host: 'mysql.example.com', secretRef: { name: 'mine' } } } },
    (release) => {
      expect(release.names('Secret')).toEqual([]);
      expect(release.the('VotingApp').spec).toMatchObject({ database: { external: { secretRef: { name: 'mine' } } } });
    },
  ],
  'objects of any kind come along': [
    { extraObjects: [1, 2].map((n) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `extra-${n}` } })) },
    (release) => expect(release.names('ConfigMap')).toEqual(['ConfigMap extra-1', 'ConfigMap extra-2']),
  ],
};

/** What it does not take. Whatever the schema cannot say, the API server says. */
export const REFUSED: Readonly<Record<string, readonly [values: Values, named: string]>> = {
  'an unknown value': [{ replicas: 2 }, "additional properties 'replicas' not allowed"],
  'an unknown field of a section': [
    { vote: { replica: 2 } },
    "at '/vote': additional properties 'replica' not allowed",
  ],
  'one option': [{ poll: { options: [{ id: 'coca' }] } }, "at '/poll/options'"],
  'an option in capitals': [{ poll: { options: [{ id: 'Coca' }, { id: 'pepsi' }] } }, "at '/poll/options/0/id'"],
  'a policy that there is not': [{ poll: { policy: 'Once' } }, "at '/poll/policy'"],
  'a memory that is no quantity': [
    { vote: { resources: { limits: { memory: 'much' } } } },
    "at '/vote/resources/limits/memory'",
  ],
  'a release that is none': [{ version: 'latest' }, "at '/version'"],
  'a name with a dot': [{ fullnameOverride: 'vote.app' }, "at '/fullnameOverride'"],
  'a server outside without a login': [
    { database: EXTERNAL },
    'database.external.secretRef is needed: name a Secret with username and password, or set passwords.MYSQL_PASSWORD',
  ],
  'two logins of one server': [
    {
      queue: { ...OWN_RABBITMQ, externalRabbitmq: { host: 'rabbitmq.example.com', secretRef: { name: 'mine' } } },
      passwords: { RABBITMQ_PASSWORD: 'q' },
    },
    'queue.externalRabbitmq.secretRef and passwords.RABBITMQ_PASSWORD exclude each other',
  ],
  'the password of a server that the operator runs': [
    { passwords: { MYSQL_PASSWORD: 'p' } },
    'passwords.MYSQL_PASSWORD is for database.type External alone',
  ],
  'one half of an access key': [
    { queue: SQS, passwords: { AWS_ACCESS_KEY: 'AKIAEXAMPLE' } },
    'passwords.AWS_ACCESS_KEY and passwords.AWS_SECRET_KEY belong together: set both, or none',
  ],
  'an access key for RabbitMQ': [
    { passwords: { AWS_ACCESS_KEY: 'AKIAEXAMPLE', AWS_SECRET_KEY: 'q' } },
    'passwords.AWS_ACCESS_KEY is for queue.type SQS alone',
  ],
  'an access key and a Secret of yours': [
    {
      queue: { ...SQS, sqs: { ...SQS.sqs, secretRef: { name: 'mine' } } },
      passwords: { AWS_ACCESS_KEY: 'AKIAEXAMPLE', AWS_SECRET_KEY: 'q' },
    },
    'queue.sqs.secretRef and passwords.AWS_ACCESS_KEY exclude each other',
  ],
  'a region in words': [{ queue: { type: 'SQS', sqs: { region: 'Ireland' } } }, "at '/queue/sqs/region'"],
  'an object without a kind': [{ extraObjects: [{ apiVersion: 'v1' }] }, "at '/extraObjects/0'"],
};

import { specSchema } from '@voteapp/contracts/resource/spec';
import * as z from 'zod';

import { type StructuralSchema, structuralSchema } from '../crd/structural.ts';
import { type Value, valuesOf } from './values-files.ts';

function map() {
  return z.record(z.string(), z.string()).default({});
}

function login(server: string, section: string) {
  return {
    user: z.string().max(255).default('voteapp').describe(`User of ${server}, where its password is here.`),
    password: z
      .string()
      .max(255)
      .default('')
      .describe(
        `Password of ${server}, which the release keeps in a Secret that \`${section}.secretRef\` names by default. Empty: the Secret is yours.`,
      ),
  };
}

function accessKey() {
  return z.string().max(255).default('');
}

const [database, queue] = [
  login('the external database', 'database.external'),
  login('the external RabbitMQ', 'queue.externalRabbitmq'),
];

/** What the chart of a poll has beside the fields of a VotingApp. */
const ownSchema = z.strictObject({
  // Holds what is meant for other charts too, where this one is part of another.
  global: z.looseObject({}).default({}).describe('What all charts of an installation share; not read.'),
  fullnameOverride: z
    .string()
    .max(40)
    .regex(/^([a-z]([-a-z0-9]*[a-z0-9])?)?$/)
    .default('')
    .describe('Name of the VotingApp, with which the names of its objects begin. Empty: that of the release.'),
  labels: map().describe('Labels of the VotingApp, beside the chart’s own.'),
  annotations: map().describe('Annotations of the VotingApp.'),
  passwords: z
    .strictObject({
      MYSQL_USER: database.user,
      MYSQL_PASSWORD: database.password,
      RABBITMQ_USER: queue.user,
      RABBITMQ_PASSWORD: queue.password,
      AWS_ACCESS_KEY: accessKey().describe(
        'Id of the access key for SQS, which the release keeps with the next in a Secret that `queue.sqs.secretRef` names by default. Empty: the Secret is yours, or the pods have an identity of their own.',
      ),
      AWS_SECRET_KEY: accessKey().describe('Secret of that access key.'),
    })
    .describe('Logins of servers of your own.'),
  test: z
    .strictObject({
      vote: z
        .boolean()
        .default(false)
        .describe('Whether `helm test` votes for the first option and waits until it is counted. The vote stays.'),
      image: z
        .string()
        .max(512)
        .regex(/^([a-zA-Z0-9][-a-zA-Z0-9._:/@]*)?$/)
        .default('')
        .describe('Image of `helm test`, in full. Empty: that of the front service, from `images.registry`.'),
    })
    .describe('What `helm test` does.'),
  extraObjects: z
    .array(z.looseObject({ apiVersion: z.string(), kind: z.string() }))
    .default([])
    .describe('More objects of the release, as they are.'),
});

/** What each section of the spec is in a release that says nothing of it. */
const DEFAULTS: Readonly<Record<keyof typeof specSchema.shape, unknown>> = {
  version: '',
  poll: { options: [{ id: 'coca' }, { id: 'pepsi' }] },
  vote: {},
  front: {},
  worker: {},
  primeTime: {},
  database: { type: 'Managed' },
  queue: { type: 'RabbitMQ' },
  expose: { type: 'None' },
  networkPolicy: { enabled: true },
  monitoring: { enabled: false },
  hibernate: false,
  deletionPolicy: 'Retain',
  images: {},
  logLevel: 'Info',
};

/** Required of the resource; of the values not, for the chart knows the Secret that it makes of `passwords`. */
const KNOWN_TO_CHART = 'secretRef';

function numberOrText({ minimum, maximum, minLength, maxLength, pattern }: StructuralSchema): Partial<Value> {
  return {
    anyOf: [
      { type: 'integer', ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) },
      {
        type: 'string',
        ...(minLength !== undefined && { minLength }),
        ...(maxLength !== undefined && { maxLength }),
        ...(pattern !== undefined && { pattern }),
      },
    ],
  };
}

/** A part of the resource's schema as a JSON Schema; its rules are the API server's to judge. */
function valueOf(schema: StructuralSchema): Value {
  const { description, default: _, properties, items, additionalProperties, required, ...rest } = schema;
  const plain = Object.entries(rest).filter(([keyword]) => !keyword.startsWith('x-kubernetes-'));
  const needed = (required ?? []).filter((name) => name !== KNOWN_TO_CHART);
  const said = description === undefined ? {} : { description };
  if (schema['x-kubernetes-int-or-string'] === true) return { ...said, ...numberOrText(schema) };
  return {
    ...said,
    ...Object.fromEntries(plain),
    ...(items !== undefined && { items: valueOf(items) }),
    ...(properties !== undefined && { properties: valuesIn(properties), additionalProperties: false }),
    ...(additionalProperties !== undefined && { additionalProperties: valueOf(additionalProperties) }),
    ...(needed.length > 0 && { required: needed }),
  };
}

function valuesIn(properties: Readonly<Record<string, StructuralSchema>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valueOf(schema)]));
}

/** A section of the spec, with its default and the names of its fields. */
function section(name: string, schema: StructuralSchema): Value {
  const value = valueOf(schema);
  const whole = DEFAULTS[name as keyof typeof DEFAULTS];
  const fields = Object.keys(schema.properties ?? {}).join(', ');
  const description = [value.description, fields === '' ? '' : `Fields: ${fields}.`].filter(Boolean).join(' ');
  const pattern = value.pattern === undefined ? {} : { pattern: `^$|${value.pattern}` };
  return { ...value, ...pattern, description, default: whole };
}

function pollValues(): Value {
  const own = valuesOf(ownSchema);
  const { properties = {} } = structuralSchema(specSchema, 'spec');
  const sections = Object.entries(properties).map(([name, schema]) => [name, section(name, schema)] as const);
  return { ...own, properties: { ...Object.fromEntries(sections), ...own.properties } };
}

/** The values of the chart of a poll: the spec of a VotingApp, and what the chart has beside it. */
export const POLL_VALUES: Value = pollValues();

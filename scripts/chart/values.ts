import { QUANTITY_PATTERN } from '@voteapp/contracts/resource/quantity';
import * as z from 'zod';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_OR_NONE = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/;
const REGISTRY_OR_NONE = /^([a-z0-9][-a-z0-9.]*(:[0-9]{1,5})?(\/[a-z0-9][-a-z0-9._]*)*)?$/;
const REPOSITORY = /^[a-z0-9][-a-z0-9._]*(\/[a-z0-9][-a-z0-9._]*)*$/;
const TAG_OR_NONE = /^([A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?$/;
const DIGEST_OR_NONE = /^(sha256:[0-9a-f]{64})?$/;

function map() {
  return z.record(z.string(), z.string()).default({});
}

/** Something of Kubernetes that the chart hands on as it is. */
function objects() {
  return z.array(z.looseObject({})).default([]);
}

function nameOrNone() {
  return z.string().max(63).regex(NAME_OR_NONE).default('');
}

function quantities(defaults: Readonly<Record<string, string>>) {
  return z.record(z.string(), z.union([z.string().regex(QUANTITY_PATTERN), z.number().min(0)])).default(defaults);
}

function seconds(default_: number) {
  return z.int().min(1).max(3_600).default(default_);
}

function imageFields(repository: string, tag = '', registry = '') {
  const noTag = tag === '' ? ' Empty: the version of the chart.' : '';
  return {
    registry: z
      .string()
      .max(253)
      .regex(REGISTRY_OR_NONE)
      .default(registry)
      .describe('Registry, with a path if need be. Empty: the default of the nodes.'),
    repository: z.string().max(253).regex(REPOSITORY).default(repository).describe('Name in the registry.'),
    tag: z.string().regex(TAG_OR_NONE).default(tag).describe(`Tag.${noTag}`),
    digest: z.string().regex(DIGEST_OR_NONE).default('').describe('Digest (`sha256:…`), taken before the tag.'),
  };
}

function image(of: string, ...[repository, tag, registry]: Parameters<typeof imageFields>) {
  return z.strictObject(imageFields(repository, tag, registry)).describe(`Image of ${of}.`);
}

const global = z
  // Holds what is meant for other charts too, where this one is part of another.
  .looseObject({
    imageRegistry: z
      .string()
      .max(253)
      .regex(REGISTRY_OR_NONE)
      .default('')
      .describe('Registry, with a path if need be, of every image, in place of its own.'),
  })
  .describe('What all charts of an installation share.');

const pollImages = z
  .strictObject({
    vote: image('the vote service', 'voteapp-vote'),
    worker: image('the worker', 'voteapp-worker'),
    front: image('the front service', 'voteapp-front'),
    mysql: image('managed MySQL', 'library/mysql', '9.7', 'docker.io'),
    mariadb: image('managed MariaDB', 'library/mariadb', '11.8', 'docker.io'),
    rabbitmq: image('managed RabbitMQ', 'library/rabbitmq', '4.3', 'docker.io'),
  })
  .describe('Images that polls run; a VotingApp may name others.');

/** The values of the chart; every one has a default and says what it is for. */
export const valuesSchema = z.strictObject({
  global,
  fullnameOverride: nameOrNone().describe(
    'Name of the operator’s objects. Empty: that of the release, with `-operator`.',
  ),
  replicas: z
    .int()
    .min(0)
    .max(16)
    .default(1)
    .describe('Pods of the operator. One leads; more are there to take over sooner.'),
  watchNamespaces: z
    .array(
      z
        .string()
        .max(63)
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
    )
    .max(256)
    .meta({ uniqueItems: true })
    .default([])
    .describe(
      'Namespaces that the operator watches, which must be there; it then has Roles in them and no ClusterRole. Empty: all.',
    ),
  image: z
    .strictObject({
      ...imageFields('voteapp-operator'),
      pullPolicy: z.enum(PULL_POLICIES).default('IfNotPresent').describe('When a node pulls it.'),
    })
    .describe('Image of the operator.'),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string().max(253).regex(DNS_NAME) }))
    .default([])
    .describe('Secrets that the image of the operator is pulled with.'),
  images: pollImages,
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least severe log lines written.'),
  leaderElection: z
    .strictObject({
      leaseDurationSeconds: seconds(15).describe('How long after the leader’s last word another may lead.'),
      renewDeadlineSeconds: seconds(10).describe('How long the leader tries to keep the lead; below the duration.'),
      retryPeriodSeconds: seconds(2).describe('Time between two tries; below the deadline.'),
    })
    .describe('Which of several replicas works.'),
  resources: z
    .strictObject({
      requests: quantities({ cpu: '50m', memory: '96Mi' }).describe('What a node reserves for it.'),
      limits: quantities({ memory: '128Mi' }).describe('What it may take at most.'),
    })
    .describe('CPU and memory of the operator.'),
  extraEnv: z
    .array(z.looseObject({ name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }))
    .default([])
    .describe('More environment of the operator, such as a proxy.'),
  podLabels: map().describe('Labels of the operator’s pods, beside the chart’s own, which they do not replace.'),
  podAnnotations: map().describe('Annotations of the operator’s pods.'),
  priorityClassName: z
    .string()
    .max(253)
    .regex(/^[-a-z0-9.]*$/)
    .default('')
    .describe('PriorityClass of the operator. Empty: that of the cluster.'),
  nodeSelector: map().describe('Labels of the nodes that it may run on.'),
  tolerations: objects().describe('Taints that it tolerates.'),
  affinity: z.record(z.string(), z.unknown()).default({}).describe('Nodes and neighbours that it prefers or needs.'),
  topologySpreadConstraints: objects().describe(
    'How several replicas are spread. Empty: over zones and nodes, as far as possible.',
  ),
  serviceAccount: z
    .strictObject({
      create: z.boolean().default(true).describe('Whether the release makes it.'),
      name: nameOrNone().describe('Its name. Empty: that of the operator, or `default` where the release makes none.'),
      annotations: map().describe('Its annotations.'),
    })
    .describe('ServiceAccount of the operator.'),
  rbac: z
    .strictObject({
      create: z.boolean().default(true).describe('Whether the release gives the operator the rights that it needs.'),
      aggregate: z
        .boolean()
        .default(true)
        .describe(
          'Whether the roles `view`, `edit` and `admin` of Kubernetes include VotingApps. By ClusterRoles, so only where every namespace is watched.',
        ),
    })
    .describe('Rights.'),
  crds: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Whether the CustomResourceDefinition is part of the release, and upgraded with it.'),
      keep: z
        .boolean()
        .default(true)
        .describe('Whether it outlives the release. If not, every VotingApp is deleted with the release.'),
    })
    .describe('The definition of VotingApps.'),
  networkPolicy: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether connections that the operator does not need are denied.'),
      ingressFrom: objects().describe('Peers, as in a NetworkPolicy, that may reach health and metrics. Empty: all.'),
      apiServerPorts: z
        .array(z.int().min(1).max(65_535))
        .min(1)
        .default([443, 6443])
        .describe('Ports that an API server may listen on.'),
    })
    .describe('NetworkPolicy around the operator.'),
  metrics: z
    .strictObject({
      service: z
        .strictObject({
          enabled: z.boolean().default(false).describe('Whether there is one.'),
          annotations: map().describe('Its annotations.'),
        })
        .describe('Service for the metrics on port 9090.'),
      serviceMonitor: z
        .strictObject({
          enabled: z.boolean().default(false).describe('Whether there is one; it brings the Service too.'),
          interval: z
            .string()
            .regex(/^([0-9]+(ms|s|m|h))+$/)
            .default('30s')
            .describe('Time between two readings.'),
          labels: map().describe('Labels that a Prometheus selects it by.'),
        })
        .describe('ServiceMonitor for the Prometheus operator.'),
    })
    .describe('Reading of metrics.'),
  extraObjects: z
    .array(z.looseObject({ apiVersion: z.string(), kind: z.string() }))
    .default([])
    .describe('More objects of the release, as they are.'),
});

import { createHash } from 'node:crypto';

import { MANAGED_USER } from '@voteapp/contracts/cluster-objects';
import { DEFAULT_AMQP_PORT } from '@voteapp/contracts/resource/queue';

import { type Context, declare } from './context.ts';
import { METRICS_PORT_NAME } from './pod.ts';
import { declareServerServices } from './service.ts';
import { declareStatefulSet, secretVariable } from './stateful-set.ts';

export const RABBITMQ_PORTS = {
  amqp: DEFAULT_AMQP_PORT.plain,
  epmd: 4_369,
  distribution: 25_672,
  metrics: 15_692,
} as const;

const FILE = '20-voteapp.conf';
const TWELVE_HOURS_MS = 12 * 60 * 60 * 1_000;

function nodeName({ app, names }: Context, pod: string): string {
  return `rabbit@${pod}.${names.nodes('rabbitmq')}.${app.metadata.namespace ?? 'default'}`;
}

/** Nodes of the broker while it runs: its pods are to stay as they are when it hibernates. */
function nodesOf({ app }: Context): number {
  return app.spec.queue?.rabbitmq?.replicas ?? 1;
}

/** Settings beside those of the image: https://www.rabbitmq.com/docs/configure */
function settings(context: Context): string {
  const name = context.names.workload('rabbitmq');
  const nodes = nodesOf(context);
  const cluster = [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...Array.from(
      { length: nodes },
      (_, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${nodeName(context, `${name}-${index}`)}`,
    ),
    'queue_leader_locator = balanced',
    // A queue from the time of one node gets its copies on the new ones.
    'quorum_queue.continuous_membership_reconciliation.enabled = true',
    `quorum_queue.continuous_membership_reconciliation.target_group_size = ${nodes}`,
  ];
  return [
    // The worker holds its messages while the database is away.
    `consumer_timeout = ${TWELVE_HOURS_MS}`,
    'disk_free_limit.absolute = 500MB',
    ...(nodes > 1 ? cluster : []),
    '',
  ].join('\n');
}

/** A broker of one node, or of three of which any one may be lost. */
export function declareRabbitmq(context: Context): void {
  const { app, names } = context;
  const text = settings(context);
  declare(context, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: names.rabbitmqSettings,
    part: 'rabbitmq',
    data: { [FILE]: text },
  });
  const { amqp, epmd, distribution, metrics } = RABBITMQ_PORTS;
  const probe = { tcpSocket: { port: 'amqp' }, timeoutSeconds: 3 };
  declareStatefulSet(context, {
    part: 'rabbitmq',
    storage: app.spec.queue?.rabbitmq?.storage,
    dataFolder: '/var/lib/rabbitmq',
    scratch: { log: '/var/log/rabbitmq', tmp: '/tmp' },
    configuration: createHash('sha256').update(text).digest('hex').slice(0, 16),
    container: {
      env: [
        { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
        { name: 'RABBITMQ_NODENAME', value: nodeName(context, '$(POD_NAME)') },
        { name: 'RABBITMQ_USE_LONGNAME', value: 'true' },
        { name: 'RABBITMQ_DEFAULT_USER', value: MANAGED_USER },
        secretVariable(context, 'RABBITMQ_DEFAULT_PASS', 'rabbitmq_password'),
        secretVariable(context, 'RABBITMQ_ERLANG_COOKIE', 'rabbitmq_erlang_cookie'),
        // Schedulers that spin when there is nothing to do take the CPU of the limit from those that have something:
        // https://www.rabbitmq.com/docs/runtime#busy-waiting
        { name: 'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS', value: '+sbwt none +sbwtdcpu none +sbwtdio none' },
      ],
      ports: [
        { name: 'amqp', containerPort: amqp, protocol: 'TCP' },
        { name: METRICS_PORT_NAME, containerPort: metrics, protocol: 'TCP' },
      ],
      // By TCP: a tool that runs before the broker has made its cookie makes another.
      startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 450 },
      readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 3 },
      lifecycle: nodesOf(context) > 1 ? { preStop: { exec: { command: drain() } } } : undefined,
      volumeMounts: [{ name: 'settings', mountPath: `/etc/rabbitmq/conf.d/${FILE}`, subPath: FILE, readOnly: true }],
    },
    volumes: [{ name: 'settings', configMap: { name: names.rabbitmqSettings } }],
  });
  declareServerServices(context, 'rabbitmq', {
    port: { name: 'amqp', port: amqp },
    nodePorts: [
      { name: 'amqp', port: amqp },
      { name: 'epmd', port: epmd },
      { name: 'distribution', port: distribution },
    ],
  });
}

// A node leaves when its queues have a majority without it: https://www.rabbitmq.com/docs/upgrade#maintenance-mode
function drain(): string[] {
  return [
    'sh',
    '-c',
    'rabbitmq-upgrade --timeout 30 await_online_quorum_plus_one; rabbitmq-upgrade --timeout 20 drain',
  ];
}

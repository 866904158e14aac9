import { createHash } from 'node:crypto';

import type { V1DeploymentSpec, V1EnvVar, V1Volume } from '@kubernetes/client-node';
import { RESTARTED_AT, type ServiceName } from '@voteapp/contracts/cluster-objects';
import { PORTS } from '@voteapp/contracts/ports';

import {
  databaseConnection,
  keyFiles,
  queueConnection,
  type SecretFile,
  type ServerConnection,
} from './connections.ts';
import { type Context, declare, type Fields, selectorOf } from './context.ts';
import { publicUrls } from './public-urls.ts';
import { ADMIN_PORT_NAME, podTemplate } from './pod.ts';
import { POLL_FILE } from './poll-config-map.ts';
import { replicasOf } from './replicas.ts';
import { identityOf } from './service-account.ts';

const POLL_FOLDER = '/etc/voteapp/poll';
const SECRETS_FOLDER = '/etc/voteapp/secrets';
/** Time for load balancers to take a pod out before it stops. */
const PRE_STOP_SECONDS = 5;
const GRACE_SECONDS = 30;

function connectionsOf(context: Context, service: ServiceName): ServerConnection[] {
  switch (service) {
    case 'vote':
      return [queueConnection(context)];
    case 'front':
      return [databaseConnection(context)];
    case 'worker':
      return [queueConnection(context), databaseConnection(context)];
  }
}

/** What a service is told that is no secret: names of `packages/contracts/src/env`. */
function settingsOf(context: Context, service: ServiceName): Record<string, string | undefined> {
  const { app, names } = context;
  const urls = publicUrls(app);
  return {
    APP_NAME: app.metadata.name,
    ADMIN_PORT: String(PORTS.admin),
    LOG_LEVEL: app.spec.logLevel?.toLowerCase(),
    ...(service !== 'front' && { POLL_FILE: `${POLL_FOLDER}/${POLL_FILE}` }),
    ...(service !== 'worker' && { PUBLIC_VOTE_URL: urls.vote }),
    ...(service === 'vote' && {
      FRONT_URL: `http://${names.service('front')}`,
      PUBLIC_RESULTS_URL: urls.results,
      // Whatever leads the hosts here is a proxy in the cluster's own, private, network.
      TRUSTED_PROXIES: urls.vote === undefined ? undefined : 'uniquelocal',
    }),
  };
}

function environment(
  settings: Readonly<Record<string, string | undefined>>,
  files: readonly SecretFile[],
): Fields<V1EnvVar>[] {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return [
    { name: 'APP_NAMESPACE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } } },
    ...given.map(([name, value]) => ({ name, value })),
    ...files.map(({ variable }) => ({ name: `${variable}_FILE`, value: `${SECRETS_FOLDER}/${variable}` })),
  ];
}

function secretsVolume(files: readonly SecretFile[]): Fields<V1Volume> {
  const secrets = [...new Set(files.map(({ secret }) => secret))];
  const itemsOf = (name: string) =>
    files.filter(({ secret }) => secret === name).map(({ key, variable }) => ({ key, path: variable }));
  return {
    name: 'secrets',
    projected: { sources: secrets.map((name) => ({ secret: { name, items: itemsOf(name) } })) },
  };
}

function probe(path: string, periodSeconds: number, failureThreshold: number) {
  return { httpGet: { path, port: ADMIN_PORT_NAME }, periodSeconds, failureThreshold, timeoutSeconds: 3 };
}

/** Hash of what its pods are given when they start: a cloud gives them their identity at no other time. */
function configurationOf(context: Context, service: ServiceName): string | undefined {
  const { secretsHash } = context.facts;
  const identity = identityOf(context, service);
  if (secretsHash === null || identity === undefined) return secretsHash ?? undefined;
  return createHash('sha256')
    .update(JSON.stringify([secretsHash, identity]))
    .digest('hex')
    .slice(0, 16);
}

/** Pods of a service of ours. */
export function declareDeployment(context: Context, service: ServiceName): void {
  const { app, names } = context;
  const { min, max } = replicasOf(context, service);
  const connections = connectionsOf(context, service);
  const files = [...connections.flatMap((each) => each.files), ...keyFiles(context, service)];
  const settings = Object.assign(settingsOf(context, service), ...connections.map(({ env }) => env)) as ReturnType<
    typeof settingsOf
  >;
  const readsPoll = settings['POLL_FILE'] !== undefined;
  const spec: Fields<V1DeploymentSpec> = {
    // Where an autoscaler sets the number, nobody else may.
    replicas: max === undefined ? min : undefined,
    revisionHistoryLimit: 3,
    selector: { matchLabels: selectorOf(context, service) },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
    template: podTemplate(context, {
      part: service,
      graceSeconds: GRACE_SECONDS,
      configuration: configurationOf(context, service),
      restartedAt: app.metadata.annotations?.[RESTARTED_AT],
      container: {
        env: environment(settings, files),
        ports: [
          { name: 'http', containerPort: PORTS[service], protocol: 'TCP' },
          { name: ADMIN_PORT_NAME, containerPort: PORTS.admin, protocol: 'TCP' },
        ],
        startupProbe: probe('/livez', 1, 60),
        livenessProbe: probe('/livez', 10, 3),
        readinessProbe: probe('/readyz', 2, 2),
        lifecycle: service === 'worker' ? undefined : { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
        volumeMounts: [
          { name: 'secrets', mountPath: SECRETS_FOLDER, readOnly: true },
          ...(readsPoll ? [{ name: 'poll', mountPath: POLL_FOLDER, readOnly: true }] : []),
        ],
      },
      volumes: [secretsVolume(files), ...(readsPoll ? [{ name: 'poll', configMap: { name: names.poll } }] : [])],
    }),
  };
  declare(context, { apiVersion: 'apps/v1', kind: 'Deployment', name: names.workload(service), part: service, spec });
}

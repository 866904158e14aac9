import * as z from 'zod';

import { annotations } from './names.ts';
import { podFields } from './pods.ts';
import { withRules } from './rule.ts';

export const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;
export const AUTOSCALING_MODES = ['None', 'HPA'] as const;

export type ServiceType = (typeof SERVICE_TYPES)[number];
export type AutoscalingMode = (typeof AUTOSCALING_MODES)[number];

/** Pods of each service where the resource does not say how many. */
export const DEFAULT_REPLICAS = { vote: 2, front: 2, worker: 1 } as const;
export const DEFAULT_TARGET_CPU_PERCENT = 70;
/** How long before the open prime time begins, in seconds, where the resource does not say. */
export const DEFAULT_LEAD_TIME_SECONDS = 600;

const MOST_REPLICAS = 500;

function replicaCount() {
  return z.int().min(1).max(MOST_REPLICAS);
}

function serviceFields(name: 'vote' | 'front' | 'worker') {
  return {
    replicas: replicaCount().optional().describe(`Pods of the ${name} service. Default: ${DEFAULT_REPLICAS[name]}.`),
    ...podFields(`the ${name} service`),
    service: z
      .strictObject({
        type: z
          .enum(SERVICE_TYPES)
          .optional()
          .describe('Type of the Service in front of the pods. Default: ClusterIP.'),
        annotations: annotations().optional().describe('Annotations of that Service, as a load balancer reads them.'),
      })
      .optional()
      .describe('The Service in front of the pods.'),
  };
}

const autoscaling = withRules(
  z.strictObject({
    mode: z
      .enum(AUTOSCALING_MODES)
      .describe('HPA: a HorizontalPodAutoscaler sets the number of pods. None: replicas does, whatever else is here.'),
    minReplicas: replicaCount().optional().describe(`Fewest pods. Default: ${DEFAULT_REPLICAS.vote}.`),
    maxReplicas: replicaCount().optional().describe('Most pods; required with mode HPA.'),
    targetCPUUtilizationPercentage: z
      .int()
      .min(1)
      .max(400)
      .optional()
      .describe(`Mean use of the requested CPU that is aimed at, in percent. Default: ${DEFAULT_TARGET_CPU_PERCENT}.`),
  }),
  {
    at: 'maxReplicas',
    cel: "self.mode != 'HPA' || has(self.maxReplicas)",
    message: 'is required with mode HPA',
    holds: ({ mode, maxReplicas }) => mode !== 'HPA' || maxReplicas !== undefined,
  },
  {
    at: 'minReplicas',
    cel: '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
    message: 'must not be above maxReplicas',
    holds: ({ minReplicas = 1, maxReplicas = Infinity }) => minReplicas <= maxReplicas,
  },
);

function scaledService(name: 'vote' | 'front') {
  const { replicas, ...fields } = serviceFields(name);
  return withRules(
    z.strictObject({
      replicas,
      autoscaling: autoscaling.optional().describe('Whether the number of pods follows the load.'),
      ...fields,
    }),
    {
      at: 'replicas',
      // Two owners of one number would take it from each other for ever.
      cel: "!has(self.replicas) || self.?autoscaling.?mode.orValue('None') == 'None'",
      message: 'must be absent with autoscaling.mode HPA; use autoscaling.minReplicas',
      holds: (service) => service.replicas === undefined || (service.autoscaling?.mode ?? 'None') === 'None',
    },
  );
}

export const voteSchema = scaledService('vote').describe('The service that takes the votes.');
export const frontSchema = scaledService('front').describe('The service that shows the results.');
export const workerSchema = z
  .strictObject(serviceFields('worker'))
  .describe('The service that counts: it moves votes from the queue into the database.');

function primeReplicas(name: 'vote' | 'front') {
  return z
    .strictObject({ replicas: replicaCount().describe(`Pods of the ${name} service in prime time, at least.`) })
    .optional()
    .describe(`What the ${name} service has in prime time.`);
}

/** Prime time lasts from a while before the open until every vote is counted. */
export const primeTimeSchema = withRules(
  z.strictObject({
    leadTimeSeconds: z
      .int()
      .min(30)
      .max(86_400)
      .optional()
      .describe(
        `Seconds before poll.opensAt at which the services are scaled out. Default: ${DEFAULT_LEAD_TIME_SECONDS}.`,
      ),
    vote: primeReplicas('vote'),
    front: primeReplicas('front'),
  }),
  {
    cel: 'has(self.vote) || has(self.front)',
    message: 'must say the replicas of vote, front or both',
    holds: ({ vote, front }) => vote !== undefined || front !== undefined,
  },
).describe('More pods from before the poll opens until the last vote is counted.');

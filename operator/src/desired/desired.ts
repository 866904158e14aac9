import { type Part, SERVICES } from '@voteapp/contracts/cluster-objects';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import type { KubeObject } from '../runtime/object.ts';
import { declareAutoscaler } from './autoscaler.ts';
import { type Context, createContext } from './context.ts';
import { declareDatabase } from './database.ts';
import { declareDeployment } from './deployment.ts';
import { declareDisruptionBudget } from './disruption-budget.ts';
import type { Facts } from './facts.ts';
import { declareHttpRoutes } from './http-route.ts';
import { declareIngresses } from './ingress.ts';
import { declareNetworkPolicies } from './network-policy.ts';
import { declarePodMonitor } from './pod-monitor.ts';
import { declarePollConfigMap } from './poll-config-map.ts';
import { declareRabbitmq } from './rabbitmq.ts';
import { declareService } from './service.ts';
import { declareServiceAccount } from './service-account.ts';

/** What the operator runs of a VotingApp, beside the services. */
export function managedServers({ spec }: Pick<VotingApp, 'spec'>): { database: boolean; queue: boolean } {
  return { database: spec.database?.type !== 'External', queue: (spec.queue?.type ?? 'RabbitMQ') === 'RabbitMQ' };
}

/** The parts of a VotingApp that run as pods. */
export function partsOf(app: Pick<VotingApp, 'spec'>): Part[] {
  const { database, queue } = managedServers(app);
  return [...SERVICES, ...(database ? (['mysql'] as const) : []), ...(queue ? (['rabbitmq'] as const) : [])];
}

/**
 * Every object that there is to be for a VotingApp, the Secret with its passwords aside: that one is made once and never
 * again. The same input gives the same objects, to the byte.
 */
export function desired(app: VotingApp, facts: Facts): KubeObject[] {
  const context: Context = createContext(app, facts);
  const isManaged = managedServers(app);
  for (const part of partsOf(app)) {
    declareServiceAccount(context, part);
    declareDisruptionBudget(context, part);
  }
  declareNetworkPolicies(context, isManaged);
  declarePollConfigMap(context);
  if (isManaged.database) declareDatabase(context);
  if (isManaged.queue) declareRabbitmq(context);
  for (const service of SERVICES) {
    declareDeployment(context, service);
    declareService(context, service);
  }
  declareAutoscaler(context, 'vote');
  declareAutoscaler(context, 'front');
  declareIngresses(context);
  declareHttpRoutes(context);
  declarePodMonitor(context);
  return context.chart.toJson() as KubeObject[];
}

import * as z from 'zod';

import { pollSchema } from '../poll.ts';
import { databaseSchema } from './database.ts';
import { exposeSchema } from './expose.ts';
import { networkPolicySchema } from './network-policy.ts';
import {
  deletionPolicySchema,
  hibernateSchema,
  imagesSchema,
  logLevelSchema,
  monitoringSchema,
  versionSchema,
} from './operations.ts';
import { queueSchema } from './queue.ts';
import { type Rule, withRules } from './rule.ts';
import { DEFAULT_REPLICAS, frontSchema, primeTimeSchema, voteSchema, workerSchema } from './services.ts';

const fields = z.strictObject({
  version: versionSchema.optional(),
  poll: pollSchema.describe('The poll itself.'),
  vote: voteSchema.optional(),
  front: frontSchema.optional(),
  worker: workerSchema.optional(),
  primeTime: primeTimeSchema.optional(),
  database: databaseSchema.optional(),
  queue: queueSchema.optional(),
  expose: exposeSchema.optional(),
  networkPolicy: networkPolicySchema.optional(),
  monitoring: monitoringSchema.optional(),
  hibernate: hibernateSchema.optional(),
  deletionPolicy: deletionPolicySchema.optional(),
  images: imagesSchema.optional(),
  logLevel: logLevelSchema.optional(),
});

type Fields = z.output<typeof fields>;

/** Prime time may not take pods away, nor ask for more than an autoscaler may make. */
function primeTimeRules(service: 'vote' | 'front'): Rule<Fields>[] {
  const at = `primeTime.${service}.replicas`;
  const prime = `self.?primeTime.?${service}.?replicas`;
  const autoscaling = `self.?${service}.?autoscaling`;
  const usual = DEFAULT_REPLICAS[service];
  return [
    {
      at,
      cel: `!${prime}.hasValue() || ${prime}.value() >= (${autoscaling}.?mode.orValue('None') == 'HPA' ? ${autoscaling}.?minReplicas.orValue(${usual}) : self.?${service}.?replicas.orValue(${usual}))`,
      message: `must not be below what spec.${service} has at other times`,
      holds: ({ primeTime, [service]: section }) => {
        const fewest = section?.autoscaling?.mode === 'HPA' ? section.autoscaling.minReplicas : section?.replicas;
        return (primeTime?.[service]?.replicas ?? Infinity) >= (fewest ?? usual);
      },
    },
    {
      at,
      cel: `!${prime}.hasValue() || ${autoscaling}.?mode.orValue('None') == 'None' || ${prime}.value() <= ${autoscaling}.?maxReplicas.orValue(${prime}.value())`,
      message: `must not be above spec.${service}.autoscaling.maxReplicas`,
      holds: ({ primeTime, [service]: section }) =>
        section?.autoscaling?.mode !== 'HPA' ||
        (primeTime?.[service]?.replicas ?? 0) <= (section.autoscaling.maxReplicas ?? Infinity),
    },
  ];
}

/** What a VotingApp asks for. */
export const specSchema = withRules(
  fields,
  {
    at: 'primeTime',
    cel: '!has(self.primeTime) || has(self.poll.opensAt)',
    message: 'needs spec.poll.opensAt, the moment that it leads up to',
    holds: ({ primeTime, poll }) => primeTime === undefined || poll.opensAt !== undefined,
  },
  ...primeTimeRules('vote'),
  ...primeTimeRules('front'),
).describe('What is asked for.');

/** A valid spec; the poll has its defaults filled in, the other sections are as they were written. */
export type VotingAppSpec = z.output<typeof specSchema>;
/** A spec as a person may write it. */
export type VotingAppSpecInput = z.input<typeof specSchema>;

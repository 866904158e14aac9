import * as z from 'zod';

import { dnsName } from './names.ts';
import { listMap } from './lists.ts';

export const DELETION_POLICIES = ['Retain', 'Delete'] as const;
export const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'] as const;
export const LOG_LEVELS = ['Trace', 'Debug', 'Info', 'Warn', 'Error'] as const;

export type DeletionPolicy = (typeof DELETION_POLICIES)[number];
export type PullPolicy = (typeof PULL_POLICIES)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

export const versionSchema = z
  .string()
  .max(64)
  .regex(/^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$/, 'must be a release such as 1.2.0')
  .describe('Release of the services; the operator runs its own and the one before. Absent: follows the operator.');

const pullSecret = z.strictObject({
  name: dnsName().describe('Name of the Secret, in the namespace of this resource.'),
});

export const imagesSchema = z
  .strictObject({
    registry: z
      .string()
      .min(1)
      .max(253)
      .regex(
        /^[a-z0-9][-a-z0-9.]*(:[0-9]{1,5})?(\/[a-z0-9][-a-z0-9._]*)*$/,
        'must be a registry such as registry.example.com/voteapp',
      )
      .optional()
      .describe(
        'Registry, with a path if need be, of all images that are not named in full. Default: that of the release.',
      ),
    pullPolicy: z.enum(PULL_POLICIES).optional().describe('When a node pulls an image. Default: IfNotPresent.'),
    pullSecrets: listMap(z.array(pullSecret).max(8), 'name')
      .optional()
      .describe('Secrets that the images are pulled with.'),
  })
  .describe('Where the images come from.');

export const monitoringSchema = z
  .strictObject({
    enabled: z.boolean().describe('Whether a PodMonitor has the Prometheus operator read the metrics of every pod.'),
  })
  .describe('Reading of metrics. Default: not enabled.');

export const hibernateSchema = z
  .boolean()
  .describe(
    'Whether no pods run and the data stays. Refused while the poll is open or votes wait to be counted. Default: false.',
  );

export const deletionPolicySchema = z
  .enum(DELETION_POLICIES)
  .describe(
    'What becomes of volumes and passwords when this resource is deleted: Retain keeps them for the next of its name. Default: Retain.',
  );

export const logLevelSchema = z
  .enum(LOG_LEVELS)
  .describe('Least severe log lines that the services write. Default: Info.');

import * as z from 'zod';

import { annotations, characters, dnsName, labelKey, labels, labelValue } from './names.ts';
import { isAtMost, QUANTITY_PATTERN } from './quantity.ts';
import { type Rule, withRules } from './rule.ts';

function quantity(example: string) {
  const message = `must be a quantity such as ${example}`;
  return z.union([z.int().min(0).max(Number.MAX_SAFE_INTEGER), z.string().max(20).regex(QUANTITY_PATTERN, message)], {
    error: message,
  });
}

function amounts(description: string) {
  return z
    .strictObject({
      cpu: quantity('500m').optional().describe('CPU in cores: 500m is half a core.'),
      memory: quantity('256Mi').optional().describe('Memory in bytes: 256Mi is 256 mebibytes.'),
    })
    .optional()
    .describe(description);
}

interface Amounts {
  readonly cpu?: string | number | undefined;
  readonly memory?: string | number | undefined;
}

interface Resources {
  readonly requests?: Amounts | undefined;
  readonly limits?: Amounts | undefined;
}

function notAboveLimit(resource: keyof Amounts): Rule<Resources> {
  const [requested, limit] = [`self.requests.${resource}`, `self.limits.${resource}`];
  return {
    at: `requests.${resource}`,
    cel: `!has(self.requests) || !has(${requested}) || !has(self.limits) || !has(${limit}) || quantity(string(${requested})).compareTo(quantity(string(${limit}))) <= 0`,
    message: `must not be above limits.${resource}`,
    holds: ({ requests, limits }) => {
      const [one, other] = [requests?.[resource], limits?.[resource]];
      return one === undefined || other === undefined || isAtMost(one, other);
    },
  };
}

/** Requests and limits of a container. */
export function resources() {
  return withRules(
    z.strictObject({
      requests: amounts('What is set aside for the container on its node.'),
      limits: amounts('What the container may use at most.'),
    }),
    notAboveLimit('cpu'),
    notAboveLimit('memory'),
  )
    .optional()
    .describe('What each container of this part is given. Default: what suits a poll of medium size.');
}

export const TOLERATION_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

const toleration = withRules(
  z.strictObject({
    key: labelKey()
      .optional()
      .describe('Key of the taints that are tolerated. Absent, with operator Exists: every taint.'),
    operator: z
      .enum(['Equal', 'Exists'])
      .optional()
      .describe('Whether the taint must have the value too, or its key is enough. Default: Equal.'),
    value: labelValue().optional().describe('Value of the taints that are tolerated, with operator Equal.'),
    effect: z.enum(TOLERATION_EFFECTS).optional().describe('Effect of the taints that are tolerated. Absent: any.'),
    tolerationSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .optional()
      .describe('Seconds that a pod stays once its node is tainted, with effect NoExecute. Absent: for ever.'),
  }),
  {
    at: 'operator',
    cel: "has(self.key) || self.?operator.orValue('Equal') == 'Exists'",
    message: 'must be Exists when there is no key',
    holds: ({ key, operator }) => key !== undefined || operator === 'Exists',
  },
  {
    at: 'value',
    cel: "!has(self.value) || self.?operator.orValue('Equal') == 'Equal'",
    message: 'must be absent with operator Exists',
    holds: ({ value, operator = 'Equal' }) => value === undefined || operator === 'Equal',
  },
  {
    at: 'tolerationSeconds',
    cel: "!has(self.tolerationSeconds) || self.?effect.orValue('') == 'NoExecute'",
    message: 'must be absent unless effect is NoExecute',
    holds: ({ tolerationSeconds, effect }) => tolerationSeconds === undefined || effect === 'NoExecute',
  },
);

export const TOPOLOGY_SPREADS = ['Preferred', 'None'] as const;

function scheduling() {
  return z
    .strictObject({
      nodeSelector: labels().optional().describe('Labels that a node must have.'),
      tolerations: z.array(toleration).max(16).optional().describe('Taints of nodes that do not keep the pods away.'),
      topologySpread: z
        .enum(TOPOLOGY_SPREADS)
        .optional()
        .describe('Whether pods are spread over zones and nodes as far as possible. Default: Preferred.'),
      priorityClassName: dnsName().optional().describe('PriorityClass of the pods. Default: that of the cluster.'),
    })
    .optional()
    .describe('On which nodes the pods run.');
}

function podLabels() {
  return withRules(labels(), {
    cel: "!self.exists(key, key.startsWith('app.kubernetes.io/') || key.startsWith('voteapp.dev/'))",
    message: 'must leave app.kubernetes.io/ and voteapp.dev/ to the operator',
    holds: (map) => !Object.keys(map).some((key) => /^(app\.kubernetes\.io|voteapp\.dev)\//.test(key)),
  })
    .optional()
    .describe('Labels of the pods, beside the operator’s.');
}

export function imageReference() {
  return characters(512).regex(
    /^[a-zA-Z0-9][-a-zA-Z0-9._:/@]*$/,
    'must be an image such as registry.example.com/voteapp/vote:1.2.0',
  );
}

/** What may be said of the pods of any part. */
export function podFields(part: string) {
  return {
    image: imageReference()
      .optional()
      .describe(`Image of ${part}, by tag or digest. Default: that of the release, from spec.images.registry.`),
    resources: resources(),
    scheduling: scheduling(),
    podLabels: podLabels(),
    podAnnotations: annotations().optional().describe('Annotations of the pods, beside the operator’s.'),
  };
}

import * as z from 'zod';

import { annotations, dnsName, tcpPort } from './names.ts';
import { memberRules, type Rule, withRules } from './rule.ts';

export const EXPOSE_TYPES = ['None', 'Ingress', 'Gateway'] as const;

export type ExposeType = (typeof EXPOSE_TYPES)[number];

const hosts = withRules(
  z.strictObject({
    vote: dnsName().optional().describe('Host of the vote page and API.'),
    front: dnsName().optional().describe('Host of the results.'),
    worker: dnsName()
      .optional()
      .describe('Host of the worker’s health routes. Absent: they are not led to from outside.'),
  }),
  {
    cel: '[self.?vote, self.?front, self.?worker].filter(h, h.hasValue()).all(h, [self.?vote, self.?front, self.?worker].exists_one(o, o == h))',
    message: 'must be distinct, for each service serves the whole of its host',
    holds: (names) => {
      const given = Object.values(names).filter((name) => name !== undefined);
      return new Set(given).size === given.length;
    },
  },
)
  .optional()
  .describe('Hosts under which the services are reached; with type None, something else leads there.');

const tls = z
  .strictObject({
    enabled: z.boolean().describe('Whether the hosts are reached by https.'),
    secretName: dnsName()
      .optional()
      .describe(
        'Secret with a certificate of all hosts, for an Ingress. Default: one per service, such as shop-vote-tls for shop, as cert-manager makes them.',
      ),
  })
  .optional()
  .describe('Encryption on the way to the services. Default: none.');

const ingress = z
  .strictObject({
    className: dnsName().optional().describe('IngressClass that serves the Ingresses. Default: that of the cluster.'),
    annotations: annotations()
      .optional()
      .describe('Annotations of the Ingresses, as controllers and cert-manager read them.'),
  })
  .optional()
  .describe('How the Ingresses are made; with type Ingress.');

const parentRef = z.strictObject({
  name: dnsName().describe('Name of the Gateway.'),
  namespace: dnsName().optional().describe('Namespace of the Gateway. Default: that of this resource.'),
  sectionName: dnsName().optional().describe('Listener of the Gateway. Absent: all that take the host.'),
  port: tcpPort().optional().describe('Port of the listener. Absent: any.'),
});

const gateway = z
  .strictObject({ parentRefs: z.array(parentRef).min(1).max(8).describe('Gateways that the HTTPRoutes attach to.') })
  .optional()
  .describe('How the HTTPRoutes are made; with type Gateway.');

interface Exposed {
  readonly type: ExposeType;
  readonly hosts?: { readonly vote?: string | undefined; readonly front?: string | undefined } | undefined;
}

function needsHost(service: 'vote' | 'front'): Rule<Exposed> {
  return {
    at: `hosts.${service}`,
    cel: `self.type == 'None' || self.?hosts.?${service}.hasValue()`,
    message: 'is required unless type is None',
    holds: ({ type, hosts }) => type === 'None' || hosts?.[service] !== undefined,
  };
}

export const exposeSchema = withRules(
  z.strictObject({
    type: z
      .enum(EXPOSE_TYPES)
      .describe('What leads voters and viewers into the cluster: Ingresses, HTTPRoutes or nothing.'),
    hosts,
    tls,
    ingress,
    gateway,
  }),
  ...memberRules<ExposeType>({
    Ingress: { member: 'ingress', required: false },
    Gateway: { member: 'gateway', required: true },
  }),
  needsHost('vote'),
  needsHost('front'),
  {
    at: 'tls.secretName',
    cel: "self.type != 'Gateway' || !self.?tls.?secretName.hasValue()",
    message: 'must be absent with type Gateway, whose listeners have the certificates',
    holds: ({ type, tls }) => type !== 'Gateway' || tls?.secretName === undefined,
  },
).describe('How voters and viewers reach the services. Default: not from outside the cluster.');

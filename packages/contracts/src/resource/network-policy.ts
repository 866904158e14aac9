import { isIP } from 'node:net';

import * as z from 'zod';

import { labels } from './names.ts';
import { memberRules, withRules } from './rule.ts';

export const PEER_TYPES = ['Pods', 'Addresses'] as const;

export type PeerType = (typeof PEER_TYPES)[number];

function isMapped(address: string): boolean {
  return /^\[::ffff:[^:]+:[^:]+\]$/.test(new URL(`http://[${address}]`).hostname);
}

/** A range of IPv4 or IPv6; Kubernetes has no IPv4 in the clothes of IPv6. */
function isCidr(text: string): boolean {
  const [address = '', bits = ''] = text.split('/');
  const version = isIP(address);
  return version === 4 ? Number(bits) <= 32 : version === 6 && Number(bits) <= 128 && !isMapped(address);
}

const cidr = withRules(
  z
    .string()
    .max(43)
    .regex(/^[0-9a-fA-F:.]+\/(0|[1-9][0-9]{0,2})$/, 'must be a range of addresses such as 10.0.0.0/8'),
  { cel: 'isCIDR(self)', message: 'must be a range of addresses such as 10.0.0.0/8', holds: isCidr },
);

// Not the peers of a NetworkPolicy: there an empty selector means everything, and an empty object is lost on its way.
const peer = withRules(
  z.strictObject({
    type: z.enum(PEER_TYPES).describe('What the peer is told by: labels of pods and namespaces, or addresses.'),
    pods: withRules(
      z.strictObject({
        namespaceLabels: labels()
          .optional()
          .describe('Labels of their namespaces. Absent: the namespace of this resource.'),
        podLabels: labels().optional().describe('Labels of the pods. Absent: every pod of those namespaces.'),
      }),
      {
        cel: 'has(self.namespaceLabels) || has(self.podLabels)',
        message: 'must have namespaceLabels, podLabels or both',
        holds: ({ namespaceLabels, podLabels }) => namespaceLabels !== undefined || podLabels !== undefined,
      },
    )
      .optional()
      .describe('Pods of the cluster; with type Pods.'),
    addresses: z
      .strictObject({ cidr: cidr.describe('Range of addresses, such as 10.0.0.0/8.') })
      .optional()
      .describe('Addresses, inside the cluster or outside; with type Addresses.'),
  }),
  ...memberRules<PeerType>({
    Pods: { member: 'pods', required: true },
    Addresses: { member: 'addresses', required: true },
  }),
);

function peers() {
  return z.array(peer).min(1).max(16).optional();
}

export const networkPolicySchema = z
  .strictObject({
    enabled: z.boolean().describe('Whether every connection that the app does not need is denied.'),
    ingressFrom: peers().describe('Who may reach the vote and front services. Absent: anybody.'),
    metricsFrom: peers().describe('Who may read metrics, beside the operator. Absent: nobody else.'),
    egressTo: peers().describe('Where an external database and queue are. Absent: anywhere, on their ports.'),
  })
  .describe('NetworkPolicies around the pods. Default: enabled.');

export type Peer = z.output<typeof peer>;

import type { VotingAppObject } from '@voteapp/contracts/contract/resource-table';
import { QUANTITY_PATTERN } from '@voteapp/contracts/resource/quantity';
import * as fc from 'fast-check';

/** A VotingApp of two options, with fields of its poll and other sections. */
export function votingApp(name: string, poll: object = {}, sections: object = {}): VotingAppObject {
  return {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name },
    spec: { poll: { options: [{ id: 'coca' }, { id: 'pepsi' }], ...poll }, ...sections },
  };
}

const ODD = ['', ' ', '-', '.', '/', ':', 'Z', '0', '9', 'é', '🗳', '%', '_', 'A', '+'];

/** Texts as they are, and with a slip of the pen. */
function slipping(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const slipped = fc.tuple(texts, fc.nat(), fc.constantFrom(...ODD)).map(([text, number, odd]) => {
    const at = number % (text.length + 1);
    return text.slice(0, at) + odd + text.slice(at + (number % 3));
  });
  return fc.oneof(texts, slipped);
}

const zone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'US/Eastern', 'GB', 'EST5EDT', 'Etc/GMT-14');
const year = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const offset = fc.constantFrom('Z', '+03:00', '-23:59', '+24:00', '');
const time = fc.tuple(year, offset).map(([date, end]) => date.toISOString().replace('Z', end));
const day = fc
  .tuple(fc.constantFrom('0000', '1900', '2000', '2023', '2024'), fc.nat(13), fc.nat(32))
  .map((parts) => `${parts.map((part) => String(part).padStart(2, '0')).join('-')}T10:00:00Z`);
const url = fc.stringMatching(
  /^https?:\/\/([a-z0-9]([-a-z0-9]{0,5}[a-z0-9])?\.){0,3}[a-z0-9]{1,6}(:[0-9]{1,6})?(\/[-._~:/?#[\]@!$&()*+,;=%a-zA-Z0-9]{0,20})?$/,
);
const cidr = fc
  .tuple(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('::', '::ffff:a00:1', '1::ffff:1:2')), fc.nat(140))
  .map(([address, bits]) => `${address}/${bits}`);
const quantity = fc.stringMatching(QUANTITY_PATTERN);
const label = fc.stringMatching(/^([a-z0-9.-]{0,8}\/)?[A-Za-z0-9_.-]{1,8}$/);
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());

function named(poll: object, sections: object = {}): VotingAppObject {
  return votingApp('arbitrary', poll, sections);
}

/** Resources with one field of a kind that two implementations could easily judge differently. */
export const ARBITRARY_RESOURCES: Readonly<Record<string, fc.Arbitrary<VotingAppObject>>> = {
  zones: slipping(zone).map((timeZone) => named({ timeZone })),
  times: fc.oneof(slipping(time), day).map((opensAt) => named({ opensAt })),
  'orders of times': fc.tuple(time, time).map(([opensAt, closesAt]) => named({ opensAt, closesAt })),
  titles: fc.string({ unit: 'binary', maxLength: 210, size: 'max' }).map((title) => named({ title })),
  pictures: slipping(url).map((image) => named({ options: [{ id: 'coca', image }, { id: 'pepsi' }] })),
  'endpoints of SQS': slipping(url).map((endpoint) =>
    named({}, { queue: { type: 'SQS', sqs: { region: 'eu-west-1', endpoint } } }),
  ),
  'ranges of addresses': cidr.map((range) =>
    named({}, { networkPolicy: { enabled: true, egressTo: [{ type: 'Addresses', addresses: { cidr: range } }] } }),
  ),
  'requests and limits': fc
    .tuple(slipping(quantity), quantity)
    .map(([cpu, limit]) => named({}, { vote: { resources: { requests: { cpu }, limits: { cpu: limit } } } })),
  'sizes of volumes': slipping(quantity).map((size) =>
    named({}, { database: { type: 'Managed', managed: { storage: { size } } } }),
  ),
  labels: fc
    .dictionary(slipping(label), slipping(fc.constantFrom('a', 'x-y', '')), { maxKeys: 3 })
    .map((podLabels) => named({}, { vote: { podLabels } })),
  'hosts of databases': slipping(host).map((address) =>
    named({}, { database: { type: 'External', external: { host: address, secretRef: { name: 'login' } } } }),
  ),
};

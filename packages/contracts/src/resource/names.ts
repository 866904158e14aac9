import * as z from 'zod';

import { withKeyword, withRules } from './rule.ts';

const DNS_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const LABEL_KEY =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$';
const LABEL_KEY_PATTERN = new RegExp(LABEL_KEY);
const LABEL_VALUE_PATTERN = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The name of an object of Kubernetes, or of a host. */
export function dnsName() {
  return z.string().min(1).max(253).regex(DNS_NAME, 'must be a DNS name in lower case, such as poll.example.com');
}

/** An object's key, as in the data of a Secret. */
export function dataKey() {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/, 'must be letters, digits, dots, dashes or underscores');
}

/** A host by name or address, without a port. */
export function host() {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(
      /^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)$/,
      'must be a host name or an IP address, without a port',
    );
}

const LABEL = '[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?';
const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
// A name that ends in a number would be taken for an address.
const URL_HOST = `((${LABEL}[.])*[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?|${OCTET}([.]${OCTET}){3})`;
const URL_PORT = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/** The beginning of a URL, as a pattern: scheme, host and perhaps a port. */
export const HTTP_ORIGIN = `https?://${URL_HOST}(:${URL_PORT})?`;

const SERVER_URL = new RegExp(`^${HTTP_ORIGIN}(/[-._~a-zA-Z0-9/]*)?$`);

/** Where a server of HTTP is. */
export function serverUrl() {
  return z.string().max(512).regex(SERVER_URL, 'must be a URL such as https://sqs.example.com:8443');
}

export function tcpPort() {
  return z.int().min(1).max(65_535);
}

/** Text of at most so many characters, an emoji counted as the API server does: by its code points. */
export function characters(max: number) {
  return withKeyword(z.string(), {
    keyword: { maxLength: max },
    message: `must have at most ${max} characters`,
    holds: (text) => Array.from(text).length <= max,
  });
}

function stringMap<Value extends z.ZodType<string>>(value: Value, max: number) {
  const map = withKeyword(z.record(z.string(), value), {
    keyword: { maxProperties: max },
    message: `must have at most ${max} entries`,
    holds: (entries) => Object.keys(entries).length <= max,
  });
  return withRules(map, {
    cel: `self.all(key, key.matches('${LABEL_KEY}'))`,
    message: 'must have keys such as app or example.com/app',
    holds: (entries) => Object.keys(entries).every((key) => LABEL_KEY_PATTERN.test(key)),
  });
}

/** The key of a label, a taint or an annotation. */
export function labelKey() {
  return z.string().min(1).max(317).regex(LABEL_KEY_PATTERN, 'must be a key such as app or example.com/app');
}

/** The value of a label or a taint. */
export function labelValue() {
  return z
    .string()
    .max(63)
    .regex(LABEL_VALUE_PATTERN, 'must be letters, digits, dots, dashes or underscores, a letter or digit at both ends');
}

export function labels() {
  return stringMap(labelValue().describe('Value of the label.'), 16);
}

export function annotations() {
  return stringMap(characters(4096).describe('Value of the annotation.'), 32);
}

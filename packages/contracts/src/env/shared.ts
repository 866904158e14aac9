import { isIP } from 'node:net';

import * as z from 'zod';

import { NAME_PATTERN } from '../names.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const port = z.coerce.number().int().min(0).max(65_535);

/** `true` or `false`; absent: false. */
export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** A key of at least 32 bytes in base64. */
export const secretKey = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length >= 32, 'must be at least 32 bytes in base64');

export const sharedEnv = {
  APP_NAMESPACE: z.string().min(1).max(63).default('default').describe('Namespace of the VotingApp.'),
  APP_NAME: z
    .string()
    .regex(NAME_PATTERN, 'must be 1 to 40 lower-case letters, digits or dashes')
    .describe('Name of the VotingApp.'),
  HOST: z.string().default('0.0.0.0').describe('Address to listen on.'),
  ADMIN_PORT: port
    .optional()
    .describe('Port of /livez, /readyz and /metrics. Absent: they are on the service’s own port.'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info').describe('Least severe log lines written.'),
};

// The names are those of Express: https://expressjs.com/en/guide/behind-proxies.html
const PROXY_NAMES = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return PROXY_NAMES.has(text);
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

export const trustedProxies = z
  .string()
  .refine(
    (list) => list.split(',').every((item) => item.trim() === '' || isAddressRange(item.trim())),
    'must be addresses or CIDR ranges, comma-separated',
  )
  .default('')
  .describe('Addresses or CIDR ranges, comma-separated, whose X-Forwarded headers are believed.');

export const sessionKey = secretKey.describe('Signs cookies and receipts; the same on vote and front.');

export const pollFile = z.string().min(1).describe('Path of the poll’s definition with its revision, JSON.');

export const publicVoteUrl = z.url().optional().describe('Where voters reach the vote service.');
export const publicResultsUrl = z.url().optional().describe('Where viewers reach the results.');

/** Certificates of authorities, PEM. */
export const authorities = z
  .string()
  .regex(/-----BEGIN CERTIFICATE-----/, 'must be certificates in PEM')
  .optional()
  .describe('Authorities, PEM, that are trusted beside the public ones when the connection is encrypted.');

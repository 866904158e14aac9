import * as z from 'zod';

import { NAME_PATTERN } from '../names.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const port = z.coerce.number().int().min(0).max(65_535);

/** A key of at least 32 bytes in base64 or base64url. */
export const secretKey = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length >= 32, 'must be at least 32 bytes in base64');

/** Names that every service reads. ADMIN_PORT absent: /livez, /readyz and /metrics are on the service's own port. */
export const sharedEnv = {
  APP_NAMESPACE: z.string().min(1).max(63).default('default'),
  APP_NAME: z.string().regex(NAME_PATTERN, 'must be 1 to 40 lower-case letters, digits or dashes'),
  HOST: z.string().default('0.0.0.0'),
  ADMIN_PORT: port.optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
};

import * as z from 'zod';

import { dataKey, dnsName } from './names.ts';
import { withRules } from './rule.ts';

/** Keys of the Secret that holds a login, those of the Secret type kubernetes.io/basic-auth. */
export const LOGIN_KEYS = { username: 'username', password: 'password' } as const;
/** Keys of the Secret that holds an access key for SQS, those of the original. */
export const ACCESS_KEY_KEYS = { id: 'aws_access_key', secret: 'aws_secret_key' } as const;
export const DEFAULT_CA_KEY = 'ca.crt';

export function loginSecret(server: string) {
  return z
    .strictObject({ name: dnsName().describe('Name of the Secret, in the namespace of this resource.') })
    .describe(`Secret with the login to ${server}, under the keys username and password.`);
}

export function accessKeySecret() {
  const { id, secret } = ACCESS_KEY_KEYS;
  return z
    .strictObject({
      name: dnsName().describe(
        `Name of the Secret, in the namespace of this resource, with an access key under ${id} and ${secret}.`,
      ),
    })
    .describe('Secret with an access key. Absent: the pods of vote and worker have an identity of their own.');
}

/** How a connection to a server outside is encrypted. */
export function clientTls() {
  return withRules(
    z.strictObject({
      enabled: z.boolean().describe('Whether the connection is encrypted and the server’s certificate verified.'),
      caSecretRef: z
        .strictObject({
          name: dnsName().describe('Name of the Secret, in the namespace of this resource.'),
          key: dataKey().optional().describe(`Key of the certificates in it, PEM. Default: ${DEFAULT_CA_KEY}.`),
        })
        .optional()
        .describe('Authorities that are trusted beside the public ones.'),
    }),
    {
      at: 'caSecretRef',
      cel: 'self.enabled || !has(self.caSecretRef)',
      message: 'must be absent unless enabled is true',
      holds: ({ enabled, caSecretRef }) => enabled || caSecretRef === undefined,
    },
  )
    .optional()
    .describe('Encryption of the connection. Default: none.');
}

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';

import { expect, test } from 'vitest';

import { Authority } from '../../../test/tools/authority.ts';
import { publicAuthoritiesAnd } from './authorities.ts';

test('a server of one’s own authority is trusted beside those of public ones, and of no other', async () => {
  const [own, other] = await Promise.all([Authority.create('own'), Authority.create('other')]);
  const { certificate, key } = await own.issue({ subject: 'CN=server', server: { names: ['localhost'] } });
  const server = createServer({ cert: certificate, key }, (socket) => socket.end());
  // A client that goes in the middle of the handshake.
  server.on('tlsClientError', () => {});
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function reached(trusted: Authority): Promise<boolean> {
    const ca = publicAuthoritiesAnd(trusted.identity.certificate);
    const socket = connect({ host: 'localhost', port, ca });
    await once(socket, 'secureConnect').finally(() => socket.destroy());
    return socket.authorized;
  }
  try {
    expect(await reached(own)).toBe(true);
    await expect(reached(other)).rejects.toThrow('unable to verify the first certificate');
    expect(publicAuthoritiesAnd('').match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(50);
  } finally {
    server.close();
  }
});

import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer } from 'node:tls';

import type { TlsFrontOptions } from './tls-front.ts';

// Ends TLS and passes on what it hears.
process.once('message', ({ port, certificate, key }: TlsFrontOptions) => {
  const server = createServer({ cert: certificate, key, noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    pipeline(near, far, near, () => {
      near.destroy();
      far.destroy();
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.on('disconnect', () => process.exit(0));

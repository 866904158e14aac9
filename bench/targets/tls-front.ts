import { Authority } from '../../test/tools/authority.ts';
import { forkServer } from './forked.ts';
import type { Target } from './target.ts';

/** What the program is told. */
export interface TlsFrontOptions {
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
}

/**
 * A target behind a proxy that ends TLS, as an Ingress does: the services speak none. The proxy is a part of the target
 * like any other, before a bare server as well, so that both pay the same for it.
 */
export async function behindTls(target: Target): Promise<Target> {
  const authority = await Authority.create();
  const { certificate, key } = await authority.issue({
    subject: 'CN=bench',
    server: { names: ['localhost'], addresses: ['127.0.0.1'] },
  });
  const options: TlsFrontOptions = { port: target.port, certificate, key };
  const front = await forkServer(new URL('tls-front-server.ts', import.meta.url), options);
  return {
    ...target,
    name: `${target.name}, behind TLS`,
    port: front.port,
    authority: authority.identity.certificate,
    parts: { ...target.parts, tls: [front.pid] },
    async stop() {
      await front.stop();
      await target.stop();
    },
  };
}

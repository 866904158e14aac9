import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What gives credentials to pods: STS, and the agent of EKS Pod Identity. */
export interface PlayedIdentities {
  readonly url: string;
  /** Who asked for credentials, each as the role and the token, or the token alone. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const KEY = { id: 'ASIAEXAMPLE', secret: 'secret', token: 'session' };

function stsAnswer(expiration: string): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>${KEY.id}</AccessKeyId><SecretAccessKey>${KEY.secret}</SecretAccessKey>
    <SessionToken>${KEY.token}</SessionToken><Expiration>${expiration}</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;
}

function agentAnswer(Expiration: string): string {
  return JSON.stringify({ AccessKeyId: KEY.id, SecretAccessKey: KEY.secret, Token: KEY.token, Expiration });
}

export async function playIdentities(): Promise<PlayedIdentities> {
  const asked: string[] = [];
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    if (request.method === 'GET') {
      asked.push(String(request.headers.authorization));
      response.end(agentAnswer(expiration));
      return;
    }
    const form = new URLSearchParams(await text(request));
    asked.push(`${form.get('RoleArn')} ${form.get('WebIdentityToken')}`);
    response.writeHead(200, { 'content-type': 'text/xml' }).end(stsAnswer(expiration));
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

import { request as requestPlain } from 'node:http';
import { type RequestOptions, request as requestTls } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Where a service is reached from outside the cluster. */
export interface Door {
  /** Scheme, address and port. */
  readonly url: string;
  /** Host that is asked for there, if it is not that of the URL. */
  readonly host?: string;
  /** The authority that its certificate is of, PEM. */
  readonly ca?: string;
}

/** One request, on a connection of its own; a body is sent by POST, as JSON. */
export async function ask({ url, host, ca }: Door, path: string, body?: unknown): Promise<Answer> {
  const target = new URL(path, url);
  const options: RequestOptions = {
    agent: false,
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...(host !== undefined && { host }), ...(body !== undefined && { 'content-type': 'application/json' }) },
    // By the host the ingress finds the certificate, and by the certificate it is known.
    ...(host !== undefined && { servername: host }),
    ...(ca !== undefined && { ca }),
  };
  const request = target.protocol === 'https:' ? requestTls : requestPlain;
  return await new Promise<Answer>((resolve, reject) => {
    const sent = request(target, options, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

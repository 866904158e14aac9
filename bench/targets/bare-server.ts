import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// The least a vote can cost over HTTP: read a JSON body, check it, answer a fixed one. Nothing is stored.
const ANSWER = JSON.stringify({ status: 'accepted' });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { option, voter } = JSON.parse(Buffer.concat(chunks).toString()) as { option?: unknown; voter?: unknown };
    const good = typeof option === 'string' && typeof (voter ?? request.headers.cookie) === 'string';
    response
      .writeHead(good ? 202 : 400, { 'content-type': 'application/json', 'content-length': ANSWER.length })
      .end(ANSWER);
  });
});

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));

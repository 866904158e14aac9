import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// Sends back whatever comes, over TCP and UDP, at the ports that are its arguments.
for (const port of process.argv.slice(2).map(Number)) {
  createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port);
  const udp = createSocket('udp4', (message, { port, address }) => udp.send(message, port, address)).bind(port);
}

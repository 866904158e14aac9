import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';

// name-server.ts HOSTS: answers at 127.0.0.11 as Docker's own name server does, with every address that the file HOSTS,
// in the form of /etc/hosts, has for a name. It ends with whoever started it.
const [hosts = ''] = process.argv.slice(2);
const HEADER_BYTES = 12;
const TYPE_A = 1;

/** The name of the first question, and where the question ends. */
function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 5 };
}

function addressesOf(name: string): string[] {
  const lines = readFileSync(hosts, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [address = '', ...names] = line.split(' ');
    return names.includes(name) ? [address] : [];
  });
}

function answerTo(query: Buffer): Buffer {
  const { name, end } = questionOf(query);
  const addresses = query.readUInt16BE(end - 4) === TYPE_A ? addressesOf(name) : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(addresses.length > 0 ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    // The name of the question, type A, class IN, and the ten minutes that Docker says.
    const fixed = [0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 2, 88, 0, 4];
    return Buffer.from([...fixed, ...address.split('.').map(Number)]);
  });
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records]);
}

const socket = createSocket('udp4');
socket.on('message', (query, { port, address }) => socket.send(answerTo(query), port, address));
socket.bind(53, '127.0.0.11', () => process.stdout.write('serving\n'));
process.stdin.on('end', () => process.exit(0)).resume();

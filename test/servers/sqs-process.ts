import { startFauxqs } from 'fauxqs';

// A server that speaks as SQS does: its arguments are its port and, perhaps, the folder of its data. It ends with whoever
// started it.
const [port, dataDir] = process.argv.slice(2);
await startFauxqs({ port: Number(port), logger: false, ...(dataDir !== undefined && { dataDir }) });
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('serving\n');

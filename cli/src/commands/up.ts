import { PORTS } from '@voteapp/contracts/ports';
import { Command, InvalidArgumentError } from 'commander';

import type { UpOptions } from '../embedded/up.ts';
import { explained } from '../help.ts';

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port number from 0 to 65535; 0 takes a free one.');
}

const EXPLANATION = {
  examples: ['voteapp up', 'voteapp up -f poll.yaml --vote-port 80 --host 0.0.0.0'],
  notes: [
    'Edits of the file are taken up at once. Every other command that asks a poll finds this one, with --local if there is a cluster too. Ctrl-C stops it; its votes stay in the folder.',
  ],
};

/** `voteapp up`: runs a whole poll in this process, on SQLite and a journal on disk. */
export function upCommand(): Command {
  const command = new Command('up')
    .description('Run a poll on this machine: no cluster, no database, no broker.')
    .option('-f, --file <file>', 'VotingApp file; without it a sample poll, coca × pepsi')
    .option('--data <folder>', 'where polls keep their data', '.voteapp')
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--vote-port <port>', 'port of the vote page and API', portNumber, PORTS.vote)
    .option('--worker-port <port>', 'port of the worker’s health routes', portNumber, PORTS.worker)
    .option('--front-port <port>', 'port of the results', portNumber, PORTS.front);
  return explained(command, EXPLANATION).action(async (options: UpOptions) => {
    const { up } = await import('../embedded/up.ts');
    process.exitCode = await up(options);
    // The log's and the store's threads are gone; nothing else should hold the process.
  });
}

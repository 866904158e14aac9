#!/usr/bin/env node
import { basename } from 'node:path';

import { buildProgram } from './program.ts';

// `| head` closes the pipe early; that is the reader's right and no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// The names of a kubectl plugin: https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
const [, called = '', ...args] = process.argv;
const name = basename(called).replace(/\.[cm]?[jt]s$/, '');
const program = buildProgram(name === 'kubectl-voteapp' ? 'kubectl voteapp' : 'voteapp');
const words = name === 'kubectl_complete-voteapp' ? ['__complete', '--', ...args] : args;
await program.parseAsync(words, { from: 'user' });

import { parseArgs } from 'node:util';

import { KubeConfig } from '@kubernetes/client-node';
import { EXIT, runProcess } from '@voteapp/kit/process';

import { operatorEnv } from './config.ts';
import { createOperator } from './operator.ts';

const USAGE = `Usage: operator [--watch-namespace=NAMESPACE,…]

Keeps the VotingApps of a cluster running: those of the namespaces named, or of all.
Its other settings are environment variables, see docs/reference/environment.md.
`;

function refuse(message: string): never {
  process.stderr.write(`${message}\n${USAGE}`);
  process.exit(EXIT.badConfig);
}

function readFlags(): string | undefined {
  try {
    const { values } = parseArgs({
      options: { 'watch-namespace': { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    return values['watch-namespace'];
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function readKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    refuse(`The kubeconfig cannot be read: ${(error as Error).message}`);
  }
  // What client-node makes up where it finds nothing.
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || server === 'http://localhost:8080')
    refuse('There is no cluster: set KUBECONFIG, or run in a pod.');
  return config;
}

const namespaces = readFlags();
if (namespaces !== undefined) process.env['WATCH_NAMESPACE'] = namespaces;

await runProcess('operator', operatorEnv, async ({ config, log, registry }) => {
  const operator = createOperator({ config, kubeConfig: readKubeConfig(), log, registry });
  // Readiness says when it has started: a signal meanwhile must find it here.
  operator.start().catch((error: unknown) => {
    log.fatal({ err: error }, 'Could not start');
    process.exit(EXIT.fatal);
  });
  return operator;
});

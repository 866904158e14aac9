import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EXIT } from '@voteapp/cli/exit-codes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { writePlainKubeconfig } from '../cluster/plain-kubeconfig.ts';
import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from '../operator/arbitrary-resource.ts';
import { Stage, stageCluster } from '../operator/in-process.ts';
import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { voteappHere } from './here.ts';
import { type Answer, startVoteapp } from './voteapp.ts';

/** Where a command finds itself. */
const WORLDS = {
  'a cluster that knows lunch and dinner, and has no operator': 'cluster',
  'the same, as one who has no rights': 'nobody',
  'a poll of this machine, coca-pepsi': 'machine',
  'no kubeconfig': 'nowhere',
  'a server that is off': 'off',
  'a server that never answers': 'silent',
  'a cluster that knows no VotingApps': 'typeless',
} as const;
type World = keyof typeof WORLDS;

const LUNCH: World = 'a cluster that knows lunch and dinner, and has no operator';
const NOBODY: World = 'the same, as one who has no rights';
const MACHINE: World = 'a poll of this machine, coca-pepsi';
const NOWHERE: World = 'no kubeconfig';
const OFF: World = 'a server that is off';
const SILENT: World = 'a server that never answers';
const TYPELESS: World = 'a cluster that knows no VotingApps';

type Row = readonly [line: string, where: World, says: RegExp];

/** Every exit code, of verbs of every kind. What is said of a 0 is on standard output, of all else on standard error. */
const TABLE: Readonly<Record<Exclude<keyof typeof EXIT, 'interrupted'>, readonly Row[]>> = {
  ok: [
    ['status lunch', LUNCH, /^lunch in namespace /],
    ['status -A', LUNCH, / dinner +unknown/],
    ['poll suspend dinner', LUNCH, /^dinner takes no votes until it is resumed/],
    ['reconcile pause dinner', LUNCH, /^dinner is paused/],
    ['analyze lunch', LUNCH, /^Info \[VAP/],
    ['create tea --option a --option b --dry-run=server', LUNCH, /tea created \(server dry run\)/],
    ['install --dry-run=client', NOWHERE, /^would apply +Namespace/],
    ['version', NOWHERE, /^client /m],
    ['completion bash', NOWHERE, /complete -F _voteapp/],
    ['analyze --explain VAP0001', NOWHERE, /^VAP0001 /],
    ['tally', MACHINE, /^Coca vs Pepsi/],
    ['vote coca-pepsi coca', MACHINE, /^The vote is accepted/],
    ['poll', NOWHERE, /^Usage: voteapp poll /],
  ],
  failed: [
    ['check', LUNCH, /^$/],
    ['create lunch --option a --option b', LUNCH, /^There is a VotingApp lunch in namespace .* already/],
    ['logs', MACHINE, /^coca-pepsi runs on this machine: `voteapp up` prints its logs itself/],
    ['report --file $THERE', MACHINE, /is there already: name another with --file/],
    ['status lunch', OFF, /cannot be reached: connect ECONNREFUSED/],
    ['create tea --option a --option b', OFF, /cannot be reached: connect ECONNREFUSED/],
    ['analyze -f $CLOSE_BEFORE_OPEN', NOWHERE, /^1 error, /],
  ],
  usage: [
    ['status', NOWHERE, /^There is no cluster: set KUBECONFIG, name a file with --kubeconfig, or run a poll/],
    ['report', NOWHERE, /^There is no cluster: /],
    ['status', LUNCH, /^Namespace .* has dinner, lunch: say which one\.$/],
    ['tally lunch --watch -o csv', LUNCH, /^--watch shows no CSV: leave one out/],
    ['status --al', LUNCH, /^error: unknown option '--al'\n\(Did you mean /],
    ['poll shut lunch', LUNCH, /^error: unknown command 'shut'/],
    [
      'create tea --option a --option b --policy Once',
      LUNCH,
      /Allowed choices are LastVoteWins, FirstVoteWins, Unlimited/,
    ],
    ['create tea --option a --option b --replicas many', LUNCH, /It must be a whole number/],
    [
      'create tea --option a --option b --opens-at 2030-01-01T12:00:00Z --closes-at 2030-01-01T11:00:00Z',
      LUNCH,
      /^--closes-at must be later than --opens-at\.$/,
    ],
    ['render -f $NO_YAML', NOWHERE, /no-yaml\.yaml:4:1: not valid YAML: /],
    ['up -f $NO_YAML', NOWHERE, /no-yaml\.yaml:4:1: not valid YAML: /],
    ['vote coca-pepsi tea', MACHINE, /^coca-pepsi has no option tea; it has coca, pepsi\.$/],
    ['check --context gone', LUNCH, /^There is no context gone in the kubeconfig; it has /],
  ],
  timeout: [
    ['status lunch --request-timeout 200ms', SILENT, /did not answer in time; --request-timeout gives it longer/],
    ['poll open lunch --request-timeout 200ms', SILENT, /did not answer in time/],
    ['install --request-timeout 200ms', SILENT, /did not answer in time/],
    ['status lunch --for Ready --timeout 300ms', LUNCH, /^lunch is not Ready in time\.$/m],
    [
      'create soup --option a --option b --wait --timeout 300ms',
      LUNCH,
      /^VotingApp soup is there and not ready in time/m,
    ],
    ['restart lunch --wait --timeout 300ms', LUNCH, /^lunch is not restarted in time: vote: /m],
    ['poll resume dinner --wait --timeout 300ms', LUNCH, /judge by a revision that is not known still/],
  ],
  notFound: [
    ['status nobody', LUNCH, /^There is no VotingApp nobody in namespace .*; it has dinner, lunch/],
    ['vote nobody coca', LUNCH, /^There is no VotingApp nobody /],
    ['render --from-cluster lunch', LUNCH, /operator/],
    ['hibernate on nobody', LUNCH, /^There is no VotingApp nobody /],
    ['report nobody', LUNCH, /^There is no VotingApp nobody /],
    [
      'create tea --option a --option b',
      TYPELESS,
      /^This cluster knows no VotingApps: install the operator with `voteapp install`/,
    ],
    ['status lunch', TYPELESS, /^This cluster knows no VotingApps/],
    ['tally --round gone', MACHINE, /^There is no round gone of coca-pepsi; it has coca-pepsi\.$/],
    ['poll close nobody', MACHINE, /^No poll nobody runs on this machine; coca-pepsi does\.$/],
  ],
  forbidden: [
    ['status lunch', NOBODY, /cannot list resource "votingapps".* Ask whoever runs the cluster for that right\.$/],
    ['create tea --option a --option b', NOBODY, /cannot create resource "votingapps"/],
    ['analyze lunch', NOBODY, /cannot list resource "votingapps"/],
    ['restart lunch', NOBODY, /cannot list resource "votingapps"/],
    ['install', NOBODY, /^Nothing was changed, for you may not /],
  ],
};

const cluster = await stageCluster();

describe('exit codes', { timeout: FIRST_START_MS }, () => {
  let folder: string;
  let stage: Stage | undefined;
  let poll: RunningPoll;
  let silent: Server;
  let typeless: Server;

  async function listen(server: Server, name: string): Promise<Server> {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    await writePlainKubeconfig(join(folder, name), (server.address() as AddressInfo).port);
    return server;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-exits-'));
    silent = await listen(
      createServer(() => {}),
      'silent',
    );
    const notFound = JSON.stringify({ kind: 'Status', code: 404, message: '404 page not found' });
    const unknown = createServer((_, response) => response.writeHead(404).end(notFound));
    typeless = await listen(unknown, 'typeless');
    await writePlainKubeconfig(join(folder, 'off'), 1);
    await writeFile(join(folder, 'no-yaml.yaml'), 'a: b\nc:\n  - d: [e\nf: g\n');
    await writeFile(join(folder, 'there.tar.gz'), '');
    const times = { opensAt: '2030-01-01T12:00:00Z', closesAt: '2030-01-01T11:00:00Z' };
    await writeFile(join(folder, 'times.yaml'), JSON.stringify(votingApp('times', times)));
    poll = await startPoll(join(folder, 'polls'));
    if (cluster === null) return;
    stage = await Stage.set(cluster);
    for (const name of ['lunch', 'dinner']) await stage.apply(votingApp(name));
  }, FIRST_START_MS);
  afterAll(async () => {
    await poll?.stop();
    await stage?.stop();
    await cluster?.leave();
    for (const server of [silent, typeless]) {
      server?.closeAllConnections();
      server?.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** The arguments and the environment of a line, where it is called. */
  function called(line: string, where: World): { args: string[]; env: Record<string, string> } {
    const files = { $NO_YAML: 'no-yaml.yaml', $CLOSE_BEFORE_OPEN: 'times.yaml', $THERE: 'there.tar.gz' };
    const words = line.split(' ').map((word) => {
      const file = files[word as keyof typeof files];
      return file === undefined ? word : join(folder, file);
    });
    const here = stage === undefined ? [] : ['-n', stage.namespace];
    const isOfAll = /^(check|install|version)|-A/.test(line);
    const env = { KUBERNETES_SERVICE_HOST: '', HOME: folder };
    const world = WORLDS[where];
    switch (world) {
      case 'cluster':
      case 'nobody': {
        const as = world === 'nobody' ? ['--as', 'nobody'] : [];
        return { args: [...words, ...(isOfAll ? [] : here), ...as], env: { ...env, KUBECONFIG: cluster!.kubeconfig } };
      }
      case 'machine':
        return { args: [...words, '--local', '--data', join(folder, 'polls')], env: { ...env, KUBECONFIG: '' } };
      case 'nowhere':
        return {
          args: /^(status|report)/.test(line) ? [...words, '--data', folder] : words,
          env: { ...env, KUBECONFIG: '' },
        };
      default:
        return { args: words, env: { ...env, KUBECONFIG: join(folder, world) } };
    }
  }

  const needsCluster = (where: World): boolean => where === LUNCH || where === NOBODY;

  for (const [meaning, rows] of Object.entries(TABLE) as [keyof typeof TABLE, readonly Row[]][]) {
    describe(`${EXIT[meaning]}, ${meaning}`, () => {
      test.for(rows.map((row) => [...row]))('voteapp %s: %s', async ([line, where, says], { skip }) => {
        if (cluster === null && needsCluster(where as World)) return skip();
        const { args, env } = called(line as string, where as World);
        const answer: Answer = await voteappHere(args, env);
        expect(answer).toMatchObject({ code: EXIT[meaning] });
        expect(meaning === 'ok' ? answer.stdout : answer.stderr.trimEnd()).toMatch(says as RegExp);
        expect(answer.stderr).not.toMatch(/^ +at /m);
      });
    });
  }

  describe('130, interrupted', () => {
    /** Ctrl-C, once there is something on its standard error. */
    async function interrupted(args: readonly string[], env: Record<string, string>, heard: RegExp): Promise<Answer> {
      const { child, answer } = startVoteapp(args, { env });
      let said = '';
      let isSent = false;
      child.stderr!.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        // A second one would end it however it is.
        if (heard.test(said) && !isSent) isSent = child.kill('SIGINT');
      });
      return await answer;
    }

    test.for([
      ['create stew --option a --option b --wait', /Waiting: No operator/],
      ['restart lunch --wait', /Waiting: vote/],
      ['status lunch --for Ready', /Not ready/],
    ] as const)('voteapp %s, while it waits', async ([line, heard], { skip }) => {
      if (cluster === null) return skip();
      const { args, env } = called(line, LUNCH);
      expect(await interrupted(args, env, heard)).toMatchObject({
        code: 130,
        stderr: expect.stringMatching(/^Interrupted\.$/m) as string,
      });
    });

    // Long before the request would be given up.
    test.for([
      'create stew --option a --option b',
      'analyze lunch',
      'render --from-cluster lunch',
      'status lunch',
      'check',
      'install',
      'uninstall',
    ])('voteapp %s, while the server is silent', async (line) => {
      const asked = new Promise((resolve) => {
        silent.once('request', resolve);
      });
      const { args, env } = called(`${line} --request-timeout 1h`, SILENT);
      const { child, answer } = startVoteapp(args, { env });
      await asked;
      child.kill('SIGINT');
      expect(await answer).toEqual({ code: 130, stdout: '', stderr: 'Interrupted.\n' });
    });
  });
});

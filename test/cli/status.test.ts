import { statusListOutput, statusOutput } from '@voteapp/cli/status/status-output';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FIRST_START_MS } from '../cluster/shared.ts';
import { votingApp } from '../operator/arbitrary-resource.ts';
import { Stage, stageCluster } from '../operator/in-process.ts';
import { type Answer, startVoteapp, type StartedVoteapp, voteapp } from './voteapp.ts';

const cluster = await stageCluster();

describe.skipIf(cluster === null)('status, of a cluster', { timeout: 120_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set(cluster!);
    await stage.startOperator();
  }, FIRST_START_MS);
  afterAll(async () => {
    await stage?.stop();
    await cluster!.leave();
  });

  const env = (): { env: Record<string, string>; cwd: string } => ({
    env: { KUBECONFIG: cluster!.kubeconfig },
    cwd: '/',
  });

  function start(...args: string[]): StartedVoteapp {
    return startVoteapp(['status', ...args, '-n', stage.namespace], env());
  }

  async function status(...args: string[]): Promise<Answer> {
    return await start(...args).answer;
  }

  /** Resolves when it prints or tells a text. */
  async function says({ child }: StartedVoteapp, text: string): Promise<void> {
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const heard = (chunk: Buffer): void => {
        said += chunk.toString();
        if (said.includes(text)) resolve();
      };
      child.stdout!.on('data', heard);
      child.stderr!.on('data', heard);
      child.once('close', () => reject(new Error(`It ended without ${text}: ${said}`)));
    });
  }

  test('shows a poll, its parts, its events and what to do', async () => {
    await stage.apply(votingApp('bear', { timeZone: 'America/Sao_Paulo', closesAt: '2100-01-01T12:00:00Z' }));
    await stage.untilCondition('bear', 'Ready');
    await stage.untilEvent('bear', /^Normal ObjectsChanged/);
    stage.services.say('bear', { votes: { coca: 3 } });
    await stage.until('bear', (app) => (app.status?.['tally'] as { total?: number } | undefined)?.total === 3, {
      timeoutMs: 60_000,
    });
    const { code, stdout, stderr } = await status('bear');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`bear in namespace ${stage.namespace}\n\nReady      yes\nPoll       Open\n`);
    expect(stdout).toContain('closes 2100-01-01 09:00 (America/Sao_Paulo), in ');
    expect(stdout).toContain('Votes      3 counted');
    expect(stdout).toMatch(/^vote +2\/2 /m);
    expect(stdout).toContain('  ObjectsChanged');
    expect(stdout).toContain('voteapp vote bear OPTION');
    expect(stdout).not.toContain('CONDITIONS');
    expect((await status('bear', '-o', 'wide')).stdout).toMatch(/^UpgradeAvailable +False +FollowsOperator/m);
    const json = statusOutput.parse(JSON.parse((await status('bear', '-o', 'json')).stdout));
    expect(json).toMatchObject({ name: 'bear', ready: true, state: 'Open', tally: { counted: 3, leader: 'coca' } });
  });

  test('watches until it is ready, by what the operator says', async () => {
    const early = await status('wolf');
    expect(early).toMatchObject({ code: 4, stderr: expect.stringContaining('There is no VotingApp wolf') as string });
    stage.services.say('wolf', { queue: false });
    await stage.apply(votingApp('wolf'));
    await stage.untilCondition('wolf', 'Ready', { status: 'False', reason: 'QueueUnavailable' });
    const watching = start('wolf', '-w', '--timeout', '60s');
    await says(watching, 'Not ready: The queue does not answer');
    stage.services.say('wolf', { queue: true });
    const { code, stdout, stderr } = await watching.answer;
    expect(code).toBe(0);
    expect(stdout).toContain('Ready      yes');
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('Ready; Open.');
  });

  test('ends with 3 when that is not in time, with what it saw last', async () => {
    stage.services.say('lynx', { state: 'Draining', pending: 4 });
    await stage.apply(votingApp('lynx'));
    await stage.until(
      'lynx',
      ({ status: its }) => (its?.['poll'] as { state?: string } | undefined)?.state === 'Draining',
    );
    const { code, stdout, stderr } = await status('lynx', '--for', 'Final', '--timeout', '1s');
    expect(code).toBe(3);
    expect(stdout).toContain('Poll       Draining');
    expect(stderr).toMatch(/lynx is not Final in time\.\n$/);
  });

  test('of a watch without an end, Ctrl-C is no failure; of one that waits, it is', async () => {
    await stage.apply(votingApp('otter'));
    await stage.untilCondition('otter', 'Ready');
    const watching = start('otter', '-w', '-o', 'json');
    await says(watching, '"name":"otter"');
    watching.child.kill('SIGINT');
    const { code, stdout } = await watching.answer;
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split('\n')) statusOutput.parse(JSON.parse(line));
    const waiting = start('otter', '--for', 'Final');
    await says(waiting, 'Ready');
    waiting.child.kill('SIGINT');
    expect(await waiting.answer).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('Interrupted.') as string,
    });
  });

  test('is told when the poll is deleted meanwhile', async () => {
    await stage.apply(votingApp('stoat'));
    await stage.untilCondition('stoat', 'Ready');
    const watching = start('stoat', '-w');
    await says(watching, 'Ready');
    await stage.remove('stoat');
    expect(await watching.answer).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('VotingApp stoat was deleted meanwhile.') as string,
    });
  });

  test('shows all polls of a cluster', async () => {
    const all = statusListOutput.parse(JSON.parse((await voteapp(['status', '-A', '-o', 'json'], env())).stdout));
    const here = all.polls.filter(({ namespace }) => namespace === stage.namespace).map(({ name }) => name);
    expect(here).toEqual(expect.arrayContaining(['bear', 'wolf']));
    const { stdout } = await voteapp(['status', '-A'], env());
    expect(stdout).toMatch(/^NAMESPACE +NAME +READY +POLL +VOTES +RELEASE +VOTE AT$/m);
    expect(stdout).toMatch(new RegExp(`^${stage.namespace} +bear +yes +Open +3 `, 'm'));
    expect(await voteapp(['status', 'bear', '-A'], env())).toMatchObject({ code: 2 });
  });

  test('names the polls where one has to be chosen', async () => {
    const { code, stderr } = await status();
    expect(code).toBe(2);
    expect(stderr).toContain('bear');
    expect(stderr).toContain('say which one');
  });
});

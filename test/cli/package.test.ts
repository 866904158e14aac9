import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { VERSION } from '@voteapp/operator/release';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { makePackage, pack } from '../../scripts/package.ts';
import { sharedCluster } from '../cluster/shared.ts';
import { onPath } from '../tools/programs.ts';
import { startPoll } from '../tools/voteapp-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAMPLE = join(ROOT, 'manifests/samples/smallest.yaml');
const BINS = ['kubectl-voteapp', 'kubectl_complete-voteapp', 'voteapp'];

const cluster = await sharedCluster('api');
const kubectl = cluster?.kubectl ?? onPath('kubectl');
const versionOf = (node: string): string => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
/** A Node.js of the machine that is too old. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node']
  .filter((path) => existsSync(path))
  .find((path) => Number.parseInt(versionOf(path).slice(1), 10) < 24);

describe('the package, installed where nothing else is', { timeout: 120_000 }, () => {
  let folder: string;
  let home: string;
  let bins: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-package-'));
    home = join(folder, 'home');
    const installed = join(folder, 'installed');
    bins = join(installed, 'node_modules/.bin');
    for (const each of [home, installed]) await mkdir(each);
    await makePackage(join(folder, 'made'));
    const { path } = await pack(join(folder, 'made'), folder);
    expect(basename(path)).toBe(`voteapp-${VERSION}.tgz`);
    await writeFile(join(installed, 'package.json'), '{"private": true}');
    const args = ['install', '--offline', '--no-audit', '--no-fund', path];
    await promisify(execFile)('npm', args, { cwd: installed, env: environment() });
  });
  afterAll(async () => {
    await cluster?.leave();
    await rm(folder, { recursive: true, force: true });
  });

  function environment(): NodeJS.ProcessEnv {
    const path = [bins, dirname(process.execPath), process.env['PATH']].join(delimiter);
    return { PATH: path, HOME: home, ...(cluster !== null && { KUBECONFIG: cluster.kubeconfig }) };
  }

  /** What a program that is on the PATH prints; it must tell nothing and succeed. */
  async function run(program: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: home, env: environment() });
    expect(stderr).toBe('');
    return stdout;
  }

  async function filesOf(name: string): Promise<string[]> {
    const files = await readdir(join(bins, '..', name), { recursive: true, withFileTypes: true });
    return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  }

  test('brings its programs, and no other package', async () => {
    expect((await readdir(bins)).sort()).toEqual(BINS);
    const packages = await readdir(dirname(bins));
    expect(packages.filter((name) => !name.startsWith('.'))).toEqual(['voteapp']);
  });

  test('holds what is run and read, and nothing of where it was made', async () => {
    const files = await filesOf('voteapp');
    const names = files.map((file) => basename(file));
    expect(names).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES.txt']));
    expect(names.filter((name) => /\.map$|lock|\.test\.|\.ts$|^\.(?!bin)/.test(name))).toEqual([]);
    for (const file of files) {
      const text = await readFile(file, 'utf8');
      for (const place of [ROOT, folder]) expect(text.includes(place), `${place} in ${file}`).toBe(false);
    }
    const licences = await readFile(
      files.find((file) => file.endsWith('LICENSES.txt'))!,
      'utf8',
    );
    expect(licences).toMatch(/^commander \d.*\(MIT\)$/m);
    expect(licences).toContain('Permission is hereby granted');
  });

  test('has the pages that its answers refer to', async () => {
    const broken = join(folder, 'broken.yaml');
    await writeFile(
      broken,
      'apiVersion: voteapp.dev/v1alpha1\nkind: VotingApp\nmetadata: { name: a }\nspec: { colour: red }\n',
    );
    const analyzed = promisify(execFile)('voteapp', ['analyze', '-f', broken], { env: environment() });
    const { stdout } = (await analyzed.catch((error: unknown) => error)) as { stdout: string };
    const pages = [...stdout.matchAll(/docs\/[\w/]+\.md/g)];
    expect(new Set(pages.map(([page]) => page)).size).toBe(1);
    for (const [page] of pages) expect(existsSync(join(bins, '../voteapp', page)), page).toBe(true);
    expect(await run('voteapp', 'analyze', '--explain', 'VAP0010')).toContain('unknown field');
  });

  test('knows by which name it is called', async () => {
    expect(await run('voteapp', '--help')).toMatch(/^Usage: voteapp \[options\]/);
    expect(await run('kubectl-voteapp', '--help')).toMatch(/^Usage: kubectl voteapp \[options\]/);
    expect(await run('kubectl_complete-voteapp', 'poll', 'su')).toMatch(/^suspend\t.*\n:4\n$/);
  });

  test('says which release it is, and what the operator would make, without a cluster', async () => {
    expect(JSON.parse(await run('voteapp', 'version', '--client', '-o', 'json'))).toMatchObject({
      client: { version: VERSION },
    });
    const rendered = await run('voteapp', 'render', '-f', SAMPLE);
    expect(rendered).toBe(await run(process.execPath, join(ROOT, 'cli/src/main.ts'), 'render', '-f', SAMPLE));
    expect(rendered).toContain('kind: StatefulSet');
    expect(await run('voteapp', 'install', '--generate')).toContain('kind: CustomResourceDefinition');
  });

  test('runs a poll that takes a vote', async () => {
    const poll = await startPoll(join(folder, 'data'), { main: join(bins, 'voteapp'), cwd: home });
    const tally = async () => {
      const answer = await run('voteapp', 'tally', '--local', '--data', join(folder, 'data'), '-o', 'json');
      return JSON.parse(answer) as object;
    };
    try {
      const args = ['vote', 'coca-pepsi', 'pepsi', '--local', '--data', join(folder, 'data')];
      expect(await run('voteapp', ...args)).toBe('The vote is accepted.\n');
      await expect.poll(tally).toMatchObject({ counted: 1, options: [{ votes: 0 }, { votes: 1 }] });
      const page = await (await fetch(poll.urls.vote)).text();
      const [style = ''] = /\/assets\/[^"]+\.css/.exec(page) ?? [];
      expect((await fetch(poll.urls.vote + style)).status).toBe(200);
    } finally {
      expect(await poll.stop()).toEqual({ code: 0, signal: null });
    }
  });

  test.skipIf(kubectl === null)('is a plugin of kubectl, which completes it', async () => {
    expect(await run(kubectl!, 'voteapp', 'version', '--client')).toMatch(new RegExp(`^client +${VERSION} `, 'm'));
    expect(await run(kubectl!, 'voteapp', 'poll', '--help')).toMatch(/^Usage: kubectl voteapp poll /);
    const { stdout } = await promisify(execFile)(kubectl!, ['__complete', 'voteapp', 'hib'], { env: environment() });
    expect(stdout).toMatch(/^hibernate\t.*\n:4\n$/);
  });

  test.skipIf(oldNode === undefined)('tells a Node.js that is too old so, and leads to no stack trace', async () => {
    await expect(promisify(execFile)(oldNode!, [join(bins, 'voteapp'), '--help'])).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: `voteapp needs Node.js 24 or newer, and this is ${versionOf(oldNode!)}.\n`,
    });
  });
});

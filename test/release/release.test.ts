import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { VERSION } from '@voteapp/operator/release';
import semver from 'semver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { helmUnlessMissing } from '../chart/helm.ts';
import { readPage, stepsOf } from '../tools/document.ts';
import { Clone } from './clone.ts';

const run = promisify(execFile);
const CHARTS = ['voteapp', 'voteapp-poll'];
const NOTHING_NEW = '# Changelog\n\n## [Unreleased]\n\n### Added\n';
const [minor, patch] = (['minor', 'patch'] as const).map((kind) => new semver.SemVer(VERSION).inc(kind).version);
const TODAY = /\d{4}-\d{2}-\d{2}/;

const helm = (await helmUnlessMissing()) ?? '';

describe.skipIf(helm === '')('npm run release', { timeout: 180_000 }, () => {
  let clone: Clone;
  /** A repository that nothing is in yet. */
  let origin: string;
  /** The commit of the first release. */
  let first: string;

  beforeAll(async () => {
    clone = await Clone.make();
    origin = join(clone.folder, 'dist/origin.git');
    await clone.git('init', '--quiet', '--bare', '--initial-branch', 'main', origin);
    await clone.write('CHANGELOG.md', `${NOTHING_NEW}\n- Polls.\n`);
    await clone.commit('feat: polls');
    const made = await clone.release('--next');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    first = await clone.git('rev-parse', 'HEAD');
  });
  afterAll(async () => {
    await clone.remove();
  });

  /** A commit that users get something by. */
  async function commit(message: string): Promise<void> {
    await clone.write(
      'CHANGELOG.md',
      (await clone.read('CHANGELOG.md')).replace(']\n', `]\n\n### Changed\n\n- ${message}\n`),
    );
    await clone.commit(message);
  }

  async function versionIn(path: string): Promise<string> {
    return (JSON.parse(await clone.read(path)) as { version: string }).version;
  }

  test('makes of the first commits the release that the tree names', async () => {
    expect(await clone.git('tag', '--points-at', first)).toBe(`v${VERSION}`);
    expect(await clone.git('log', '-1', '--format=%s', first)).toBe(`chore(release): v${VERSION}`);
    expect(await clone.git('show', `${first}:CHANGELOG.md`)).toMatch(
      new RegExp(
        String.raw`^# Changelog\n\n## \[Unreleased\]\n\n## \[${VERSION}\] - ${TODAY.source}\n\n### Added\n\n- Polls\.$`,
      ),
    );
    expect(await clone.git('show', `${first}:operator/src/release.ts`)).toContain(
      'EARLIER_VERSIONS: readonly string[] = [];',
    );
  });

  const ASKED_FOR: Readonly<Record<string, [messages: [string, ...string[]], version: string | undefined]>> = {
    'a fix asks for a fix of the release': [['fix: a leak'], patch],
    'so does work on speed among what nobody notices': [
      ['perf(vote): less work', 'docs: a page', 'chore: tidy'],
      patch,
    ],
    'a feature asks for a minor release, whatever else there is': [['feat(cli): a verb', 'fix: a leak'], minor],
    'before 1.0.0 a breaking change does not ask for more': [['fix!: another form'], minor],
    'a breaking change may be said below': [['refactor: names\n\nBREAKING CHANGE: other names'], minor],
  };

  test.for(Object.entries(ASKED_FOR))('%s', async ([, [messages, version]]) => {
    await clone.back(first);
    for (const message of messages) await commit(message);
    const made = await clone.release('--next', '--dry-run');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain(`Release ${version}, after ${VERSION}: `);
    expect(made.stdout).toContain(`- ${messages[0].split('\n')[0]}`);
    expect(made.stdout).toContain('package-lock.json');
    expect(await clone.git('status', '--porcelain')).toBe('');
    expect(await clone.git('tag', '--list')).toBe(`v${VERSION}`);
  });

  test('after 1.0.0 takes a breaking change for a major release', async () => {
    await clone.back(first);
    await clone.git('tag', 'v7.1.0');
    try {
      await commit('feat(api)!: another form');
      expect((await clone.release('--next', '--dry-run')).stdout).toContain('Release 8.0.0, after 7.1.0: 1 breaking.');
    } finally {
      await clone.git('tag', '--delete', 'v7.1.0');
    }
  });

  describe('the next one', () => {
    beforeAll(async () => {
      await clone.back(first);
      await commit('feat: more');
      expect(await clone.release(minor!)).toMatchObject({ code: 0, stderr: '' });
    });

    test('moves the version in every package and in the lock', async () => {
      const paths = globSync(['package.json', '{apps,packages}/*/package.json', '{cli,operator}/package.json'], {
        cwd: clone.folder,
      });
      expect(paths).toHaveLength(11);
      for (const path of paths) expect(await versionIn(path), path).toBe(minor);
      expect(await versionIn('package-lock.json')).toBe(minor);
      const before = await clone.read('package-lock.json');
      await run('npm', ['install', '--package-lock-only', '--offline', '--no-audit', '--no-fund'], {
        cwd: clone.folder,
      });
      expect(await clone.read('package-lock.json')).toBe(before);
    });

    test('moves charts, manifests, images and documentation with it', async () => {
      for (const chart of CHARTS) {
        const file = parse(await clone.read(`charts/${chart}/Chart.yaml`)) as object;
        expect(file).toMatchObject({ version: minor, appVersion: minor });
      }
      const install = await clone.read('manifests/install.yaml');
      for (const name of ['operator', 'vote', 'worker', 'front'])
        expect(install).toContain(`voteapp-${name}:${minor}\n`);
      expect(await clone.read('compose.yaml')).toContain(`voteapp-front:${minor}\n`);
      expect(await clone.read('Dockerfile')).toContain(`ARG VERSION=${minor}\n`);
      const old = VERSION.replaceAll('.', String.raw`\.`);
      const named = ['-c', 'core.quotePath=false', 'grep', '--files-with-matches', '--extended-regexp'];
      const left = await clone.git(
        ...named,
        String.raw`(^|[^0-9.])${old}($|[^0-9.-])`,
        '--',
        ':!*.test.ts',
        ':!*.sum',
        ':!*.mod',
      );
      const allowed = ['CHANGELOG.md', 'operator/src/release.ts', `operator/goldens/${VERSION}/`];
      expect(left.split('\n').filter((path) => !allowed.some((name) => path.startsWith(name)))).toEqual([]);
    });

    test('has an operator that runs the former release besides, whose goldens stay', async () => {
      expect(await clone.read('operator/src/release.ts')).toContain(
        `EARLIER_VERSIONS: readonly string[] = ['${VERSION}'];`,
      );
      expect(await readdir(join(clone.folder, 'operator/goldens'))).toEqual([VERSION, minor]);
      expect(await clone.git('diff', '--name-only', `v${VERSION}`, '--', `operator/goldens/${VERSION}`)).toBe('');
    });

    test('is one commit with a tag, and generated files that are fresh', async () => {
      expect(await clone.git('tag', '--points-at', 'HEAD')).toBe(`v${minor}`);
      expect(await clone.git('cat-file', '-t', `v${minor}`)).toBe('tag');
      expect(await clone.git('status', '--porcelain')).toBe('');
      expect(await clone.git('rev-list', '--count', `${first}..HEAD`)).toBe('2');
      expect((await run('npm', ['run', 'verify'], { cwd: clone.folder })).stdout).toContain(
        'Generated files are fresh.',
      );
    });

    test('leaves charts that Helm takes, the tool that says its release, and their sums', async () => {
      const folder = join(clone.folder, 'dist/release');
      const sums = await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder });
      expect(sums.stdout.trim().split('\n').sort()).toEqual(
        [
          'CHANGES.md: OK',
          ...CHARTS.map((chart) => `${chart}-${minor}.tgz: OK`),
          'install.yaml: OK',
          `voteapp-cli-${minor}.tgz: OK`,
          'voteapp.dev_votingapps.yaml: OK',
        ].sort(),
      );
      expect(await clone.read('dist/release/CHANGES.md')).toBe('### Changed\n\n- feat: more\n');
      for (const chart of CHARTS) {
        const path = join(folder, `${chart}-${minor}.tgz`);
        await run(helm, ['lint', '--strict', path]);
        expect(parse((await run(helm, ['show', 'chart', path])).stdout)).toMatchObject({ name: chart, version: minor });
      }
      await run('tar', ['-xzf', join(folder, `voteapp-cli-${minor}.tgz`), '-C', folder]);
      const version = ['package/bin/voteapp.js', 'version', '--client', '-o', 'json'];
      const { stdout } = await run(process.execPath, version, { cwd: folder });
      expect(JSON.parse(stdout)).toMatchObject({ client: { version: minor } });
    });

    test('can be made again of its tag, by a pipeline that is on no branch', async () => {
      await clone.git('switch', '--quiet', '--detach', `v${minor}`);
      const made = await clone.release('--artefacts');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout).toContain('dist/release/SHA256SUMS');
      await clone.back(`v${minor}`);
    });

    test('is not made a second time', async () => {
      expect(await clone.release('--next')).toMatchObject({
        code: 1,
        stderr: `Nothing since ${minor} is for users: no commit is breaking or of feat, fix, perf, revert.\n`,
      });
    });
  });

  test('a fix keeps what pinned polls run, and the minor release after the next ends it', async () => {
    await clone.back(first);
    const [fixed, next] = [
      new semver.SemVer(minor!).inc('patch').version,
      new semver.SemVer(minor!).inc('minor').version,
    ];
    const goldens = () => readdir(join(clone.folder, 'operator/goldens'));
    const release = async (message: string, version: string) => {
      await commit(message);
      const made = await clone.release('--next');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout).toContain(`Release ${version}, `);
      return made.stdout;
    };
    await release('feat: more', minor!);
    expect(await release('fix: a leak', fixed)).toContain(`The operator runs ${fixed}, ${minor}, ${VERSION}.\n`);
    expect(await goldens()).toEqual([VERSION, minor, fixed]);
    const last = await release('feat: still more', next);
    expect(last).toContain(`The operator runs ${next}, ${fixed}, ${minor}, and no longer ${VERSION}.\n`);
    expect(await goldens()).toEqual([minor, fixed, next]);
  });

  test('is made by the commands of docs/releasing.md, in their order', async () => {
    await clone.back(first);
    await clone.git('remote', 'add', 'origin', origin);
    const steps = stepsOf(await readPage('docs/releasing.md'));
    await commit('feat: more');
    for (const { command } of steps) await clone.shell(command);
    const [main, tag] = await Promise.all(
      ['main', `v${minor}^{commit}`].map(async (name) => await clone.git('--git-dir', origin, 'rev-parse', name)),
    );
    expect(main).toBe(tag);
    expect(await clone.git('rev-parse', 'HEAD')).toBe(tag);
    expect(await clone.read('dist/release/SHA256SUMS')).toContain(`voteapp-cli-${minor}.tgz`);
    expect(steps.map(({ command }) => command)).toEqual(expect.arrayContaining(['npm run release -- --next']));
  });

  describe('refuses', () => {
    const REFUSED: Readonly<
      Record<string, [given: () => Promise<unknown>, args: string[], stderr: string, code?: number]>
    > = {
      'a tree that is not committed': [
        () => clone.write('new.txt', 'new'),
        ['--next'],
        'The tree has changes that are not committed: commit them or take them back first.',
      ],
      'another branch': [
        () => clone.git('switch', '--quiet', '-c', 'topic'),
        ['--next'],
        'A release is made on main, and this is topic: git switch main.',
      ],
      'commits that no user notices': [
        async () => {
          await clone.back(first);
          await clone.commit('docs: a page');
        },
        ['--next'],
        `Nothing since ${VERSION} is for users: no commit is breaking or of feat, fix, perf, revert.`,
      ],
      'the version that is there': [
        () => Promise.resolve(),
        [VERSION],
        `${VERSION} is not greater than ${VERSION}: name one that is, or --next.`,
      ],
      'what is no version': [() => Promise.resolve(), ['v1.2'], 'v1.2 is no version such as 1.2.0.'],
      'a changelog without news': [
        async () => {
          await clone.write('CHANGELOG.md', NOTHING_NEW);
          await clone.commit('fix: quietly');
        },
        ['--next'],
        'CHANGELOG.md has nothing under Unreleased: say there what users get, and commit it.',
      ],
      'goldens of a release that are not as released': [
        async () => {
          await clone.write(`operator/goldens/${VERSION}/smallest.yaml`, 'other pods');
          await clone.commit('feat: other pods');
        },
        ['--next'],
        `1 of the goldens of ${VERSION} are not as they were released, so polls pinned to it would be rolled: let pods change from the next release on alone.`,
      ],
      'artefacts of what is no release': [
        () => Promise.resolve(),
        ['--artefacts'],
        `This is not the release ${VERSION}, for its tag is elsewhere or missing: git switch --detach v${VERSION}.`,
      ],
      'to publish to nowhere': [
        () => Promise.resolve(),
        ['--publish'],
        '--publish needs --registry, or CI_REGISTRY_IMAGE. Usage: ',
        2,
      ],
      'two things at once': [() => Promise.resolve(), ['--next', '9.9.9'], 'Name one thing to do. Usage: ', 2],
    };

    test.for(Object.entries(REFUSED))('%s', async ([, [given, args, stderr, code = 1]]) => {
      await clone.back(first);
      await commit('fix: a leak');
      const tags = await clone.git('tag', '--list');
      await given();
      const before = await clone.git('rev-parse', 'HEAD');
      const made = await clone.release(...args);
      expect(made.stderr.startsWith(code === 2 ? stderr : `${stderr}\n`), made.stderr).toBe(true);
      expect(made.code).toBe(code);
      expect(await clone.git('rev-parse', 'HEAD')).toBe(before);
      expect(await clone.git('tag', '--list')).toBe(tags);
    });
  });

  test('that cannot be made leaves the tree as it was', async () => {
    await clone.back(first);
    await commit('fix: a leak');
    await clone.write('manifests/samples/smallest.yaml', 'kind: Nothing\n');
    await clone.commit('fix: a sample');
    const before = await clone.git('rev-parse', 'HEAD');
    const made = await clone.release(patch!);
    expect(made.code).toBe(1);
    expect(made.stderr).toMatch(/^The release failed: /);
    expect(await clone.git('status', '--porcelain')).toBe('');
    expect(await clone.git('rev-parse', 'HEAD')).toBe(before);
  });
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { imageOf } from './image-of.ts';

const run = promisify(execFile);

describe('an image of files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-image-'));
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
    await mkdir(join(folder, 'tree/etc'), { recursive: true });
    await writeFile(join(folder, 'tree/etc/passwd'), 'root');
    await writeFile(join(folder, 'tree/etc/motd'), 'hello');
    await writeFile(join(folder, 'program'), '#!/bin/sh\n', { mode: 0o755 });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  const make = (reference = 'localhost/web:test') =>
    imageOf({
      reference,
      files: {
        '.': join(folder, 'tree'),
        'bin/program': join(folder, 'program'),
        'etc/passwd': join(folder, 'program'),
      },
      config: { Entrypoint: ['/bin/program'], User: '1:1' },
    });

  test('says of itself what docker load and containerd read', async () => {
    await run('tar', ['-xf', await make(), '-C', folder]);
    const [manifest] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as [
      { Config: string; RepoTags: string[]; Layers: [string] },
    ];
    expect(manifest.RepoTags).toEqual(['localhost/web:test']);
    const digest = async (name: string) =>
      createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex');
    expect(manifest.Config).toBe(`${await digest(manifest.Config)}.json`);
    expect(JSON.parse(await readFile(join(folder, manifest.Config), 'utf8'))).toMatchObject({
      os: 'linux',
      config: { Entrypoint: ['/bin/program'], User: '1:1' },
      rootfs: { type: 'layers', diff_ids: [`sha256:${await digest(manifest.Layers[0])}`] },
    });
  });

  test('holds folders and files, of which a later one takes the place of an earlier, as root’s', async () => {
    await run('tar', ['-xf', await make(), '-C', folder]);
    const { stdout } = await run('tar', ['-tvf', join(folder, 'layer.tar'), '--numeric-owner']);
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/));
    expect(entries.map(([mode, owner, size, , , path]) => [mode, owner, size, path])).toEqual([
      ['drwxr-xr-x', '0/0', '0', './'],
      ['drwxr-xr-x', '0/0', '0', './bin/'],
      ['-rwxr-xr-x', '0/0', '10', './bin/program'],
      ['drwxr-xr-x', '0/0', '0', './etc/'],
      ['-rw-r--r--', '0/0', '5', './etc/motd'],
      ['-rwxr-xr-x', '0/0', '10', './etc/passwd'],
    ]);
  });

  test('is the same, byte for byte, for the same contents', async () => {
    const first = await readFile(await make());
    await utimes(join(folder, 'program'), 1, 1);
    const path = await make();
    expect((await readFile(path)).equals(first)).toBe(true);
  });

  test('is made once, and again when a file has changed', async () => {
    const first = await make();
    expect(await make()).toBe(first);
    await writeFile(join(folder, 'program'), '#!/bin/sh\nexit\n');
    expect(await make()).not.toBe(first);
  });

  test('takes the place of an earlier one, unless that was used within the hour', async () => {
    const [old, recent] = [await make(), join(folder, 'cache/voteapp/archives/web-recent.tar')];
    await writeFile(recent, 'an archive');
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(old, yesterday, yesterday);
    await writeFile(join(folder, 'program'), '#!/bin/sh\nexit\n');
    const archives = [basename(recent), basename(await make())];
    expect((await readdir(dirname(old))).sort()).toEqual(archives.sort());
  });

  test('that is used again is not old', async () => {
    const first = await make();
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(first, yesterday, yesterday);
    await make();
    expect((await stat(first)).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  });

  test('leaves nothing behind when a file is missing', async () => {
    await rm(join(folder, 'program'));
    await expect(make()).rejects.toThrow('ENOENT');
    await expect(readFile(join(folder, 'cache'))).rejects.toThrow('ENOENT');
  });
});

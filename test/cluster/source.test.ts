import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { type Choice, chooseSource, type Facts, findFacts } from './source.ts';

const NOTHING: Facts = {
  kubeconfig: null,
  wanted: null,
  assets: null,
  docker: false,
  programs: { kind: false, k3d: false, go: false },
  root: false,
};
const EVERYTHING: Facts = {
  kubeconfig: '/kubeconfig',
  wanted: null,
  assets: { folder: '/assets', release: '1.35', lacking: [] },
  docker: true,
  programs: { kind: true, k3d: true, go: true },
  root: true,
};
const withGo = { ...NOTHING, programs: { ...NOTHING.programs, go: true } };
const unnamed = { ...EVERYTHING, kubeconfig: null };
const unaided = { ...unnamed, assets: null };
const built = { source: 'built', release: '1.34' } as const;

describe('a cluster comes', () => {
  test.for<[string, 'api' | 'node', Facts, Choice]>([
    ['from VOTEAPP_TEST_KUBECONFIG first', 'api', EVERYTHING, { source: 'existing', kubeconfig: '/kubeconfig' }],
    ['from there at node level too', 'node', EVERYTHING, { source: 'existing', kubeconfig: '/kubeconfig' }],
    ['then from KUBEBUILDER_ASSETS', 'api', unnamed, { source: 'kubebuilder', folder: '/assets' }],
    ['not from there at node level', 'node', unnamed, { source: 'kind', release: '1.34' }],
    [
      'from there in the release that is wanted',
      'api',
      { ...unnamed, wanted: '1.35' },
      { source: 'kubebuilder', folder: '/assets' },
    ],
    ['not from there in another', 'api', { ...unnamed, wanted: '1.36' }, { source: 'kind', release: '1.36' }],
    [
      'not from there where parts are missing',
      'api',
      { ...unnamed, assets: { folder: '/assets', release: '1.34', lacking: ['kube-scheduler'] } },
      { source: 'kind', release: '1.34' },
    ],
    ['then from kind', 'api', unaided, { source: 'kind', release: '1.34' }],
    [
      'then from k3d',
      'node',
      { ...unaided, programs: { ...unaided.programs, kind: false } },
      { source: 'k3d', release: '1.34' },
    ],
    ['from neither where Docker does not work', 'node', { ...unaided, docker: false }, built],
    ['then from Go, without root at api level', 'api', withGo, built],
    [
      'in another release where one is wanted',
      'api',
      { ...withGo, wanted: '1.36' },
      { source: 'built', release: '1.36' },
    ],
    ['in the usual release at node level', 'node', { ...withGo, root: true, wanted: '1.36' }, built],
  ])('%s', ([, level, facts, choice]) => {
    expect(chooseSource(level, facts)).toEqual(choice);
  });
});

describe('none comes, and it says why', () => {
  test.for<[string, 'api' | 'node', Facts, string]>([
    [
      'where there is nothing',
      'api',
      NOTHING,
      'VOTEAPP_TEST_KUBECONFIG names no cluster; Docker runs no containers here; there is no go on PATH to build one',
    ],
    [
      'where Docker works alone',
      'node',
      { ...NOTHING, docker: true },
      'VOTEAPP_TEST_KUBECONFIG names no cluster; neither kind nor k3d is on PATH; there is no go on PATH to build one',
    ],
    [
      'to who is not root',
      'node',
      withGo,
      'VOTEAPP_TEST_KUBECONFIG names no cluster; Docker runs no containers here; a node of its own needs root on Linux',
    ],
    [
      'where the assets are half of it',
      'api',
      { ...NOTHING, assets: { folder: '/a', release: '1.34', lacking: ['kube-controller-manager', 'kube-scheduler'] } },
      'VOTEAPP_TEST_KUBECONFIG names no cluster; KUBEBUILDER_ASSETS has no kube-controller-manager, kube-scheduler; Docker runs no containers here; there is no go on PATH to build one',
    ],
    [
      'in a release that nobody built',
      'api',
      { ...withGo, wanted: '1.19' },
      'VOTEAPP_TEST_K8S=1.19 is none of 1.34, 1.36',
    ],
  ])('%s', ([, level, facts, missing]) => {
    expect(chooseSource(level, facts)).toEqual({ missing });
  });
});

describe('what this machine has', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-source-'));
    vi.stubEnv('PATH', folder);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  const program = (name: string, script: string) =>
    writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

  test('is nothing on an empty PATH', async () => {
    expect(await findFacts({})).toEqual({ ...NOTHING, root: process.getuid?.() === 0 });
  });

  test('is Docker only where its server answers', async () => {
    await program('docker', 'exit 1');
    expect(await findFacts({})).toMatchObject({ docker: false });
    await program('docker', 'echo 29.0');
    await program('kind', '');
    await program('go', '');
    expect(await findFacts({})).toMatchObject({ docker: true, programs: { kind: true, k3d: false, go: true } });
  });

  test('is what the environment names, with the release that the programs say', async () => {
    const assets = join(folder, 'assets');
    await mkdir(assets);
    await program('assets/kube-apiserver', 'echo Kubernetes v1.35.2');
    await program('assets/etcd', '');
    const env = { VOTEAPP_TEST_KUBECONFIG: '/k', VOTEAPP_TEST_K8S: '1.36', KUBEBUILDER_ASSETS: assets };
    expect(await findFacts(env)).toMatchObject({
      kubeconfig: '/k',
      wanted: '1.36',
      assets: { folder: assets, release: '1.35', lacking: ['kube-controller-manager', 'kube-scheduler'] },
    });
  });

  test('is nothing that an empty variable names', async () => {
    const env = { VOTEAPP_TEST_KUBECONFIG: '', VOTEAPP_TEST_K8S: '', KUBEBUILDER_ASSETS: '' };
    expect(await findFacts(env)).toMatchObject({ kubeconfig: null, wanted: null, assets: null });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { startDockerCluster } from './docker-cluster.ts';
import { writePlainKubeconfig } from './plain-kubeconfig.ts';

// Stand-ins for the real programs, which need Docker. A cluster is a folder of $CLUSTERS that has its image, whatever it
// was told besides, and the archives that were loaded into it. A name of $BROKEN fails half made.
const COMMON = `#!/bin/sh
make() { # NAME IMAGE TOLD...
  mkdir "$CLUSTERS/$1" && echo "$2" >"$CLUSTERS/$1/image" && shift 2 && echo "$@" >"$CLUSTERS/$name/told"
  [ -z "$BROKEN" ] || { echo "ERROR: no space left on device" >&2; exit 1; }
}
load() { [ -d "$CLUSTERS/$1" ] || { echo "no cluster $1" >&2; exit 1; }; basename "$2" >>"$CLUSTERS/$1/images"; }
`;
const KIND = `${COMMON}
command="$1 $2"; shift 2
[ "$command" = "load image-archive" ] && { archive=$1; shift; }
while [ $# -gt 0 ]; do
  case $1 in
    --name) name=$2 ;; --image) image=$2 ;; --kubeconfig) kubeconfig=$2 ;; --config) config=$2 ;; --wait) ;;
    *) echo "unknown: $1" >&2; exit 1 ;;
  esac
  shift 2
done
case $command in
  "create cluster") make "$name" "$image" $(cat "$config"); cp "$KUBECONFIG_OF_ALL" "$kubeconfig" ;;
  "load image-archive") load "$name" "$archive" ;;
  "delete cluster") rm -r "$CLUSTERS/$name" ;;
  *) exit 1 ;;
esac
`;
const K3D = `${COMMON}
case "$1 $2" in
  "cluster create") name=$3; shift 3
    while [ $# -gt 0 ]; do
      case $1 in
        --image) image=$2; shift ;; --k3s-arg) told=$2; shift ;; --timeout) shift ;;
        --kubeconfig-update-default=false | --wait) ;;
        *) echo "unknown: $1" >&2; exit 1 ;;
      esac
      shift
    done
    make "$name" "$image" "$told" ;;
  "kubeconfig get") [ -d "$CLUSTERS/$3" ] && cat "$KUBECONFIG_OF_ALL" ;;
  "image import") load "$5" "$3" ;;
  "cluster delete") rm -r "$CLUSTERS/$3" ;;
  *) exit 1 ;;
esac
`;

let folder: string;
let clusters: string;
let server: Server;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-docker-'));
  clusters = join(folder, 'clusters');
  await mkdir(clusters);
  server = createServer((_, response) => void response.end('{"major":"1","minor":"34+"}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kubeconfig = join(folder, 'kubeconfig');
  await writePlainKubeconfig(kubeconfig, (server.address() as AddressInfo).port);
  await writeFile(join(folder, 'kind'), KIND, { mode: 0o755 });
  await writeFile(join(folder, 'k3d'), K3D, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  vi.stubEnv('CLUSTERS', clusters);
  vi.stubEnv('KUBECONFIG_OF_ALL', kubeconfig);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.close();
  await rm(folder, { recursive: true });
});

const IMAGES = {
  kind: { '1.34': /^kindest\/node:v1\.34\.\d+$/, '1.36': /^kindest\/node:v1\.36\.\d+$/ },
  k3d: { '1.34': /^rancher\/k3s:v1\.34\.\d+-k3s1$/, '1.36': /^rancher\/k3s:v1\.36\.\d+-k3s1$/ },
} as const;

describe.for(['kind', 'k3d'] as const)('a cluster of %s', (tool) => {
  const read = async (name: string, file: string) => (await readFile(join(clusters, name, file), 'utf8')).trim();

  test('is of its own, takes images, and goes when it is stopped', async () => {
    const [first, second] = [
      await startDockerCluster(tool, 'node', '1.34'),
      await startDockerCluster(tool, 'api', '1.36'),
    ];
    const names = await readdir(clusters);
    expect(names).toHaveLength(2);
    const images = await Promise.all(names.map((name) => read(name, 'image')));
    expect(images.filter((image) => IMAGES[tool]['1.34'].test(image))).toHaveLength(1);
    expect(images.filter((image) => IMAGES[tool]['1.36'].test(image))).toHaveLength(1);
    expect(await read(names[0]!, 'told')).toContain('OwnerReferencesPermissionEnforcement');
    expect(first).toMatchObject({ source: tool, level: 'node', version: '1.34' });
    expect(second).toMatchObject({ source: tool, level: 'api' });

    await first.loadImage('/somewhere/vote image.tar');
    const loaded = names.filter((name) => existsSync(join(clusters, name, 'images')));
    expect(loaded).toHaveLength(1);
    expect(await read(loaded[0]!, 'images')).toBe('vote image.tar');

    await first.stop();
    expect(await readdir(clusters)).toEqual(names.filter((name) => name !== loaded[0]));
    await second.stop();
    expect(await readdir(clusters)).toEqual([]);
    for (const { kubeconfig } of [first, second]) expect(existsSync(dirname(kubeconfig))).toBe(false);
  });

  test('that does not start leaves nothing, and says what the program said', async () => {
    vi.stubEnv('BROKEN', 'yes');
    await expect(startDockerCluster(tool, 'node', '1.34')).rejects.toThrow('no space left on device');
    expect(await readdir(clusters)).toEqual([]);
  });

  test('goes with a process that is killed', async () => {
    const module = new URL('docker-cluster.ts', import.meta.url).href;
    const script = `const { startDockerCluster } = await import('${module}');
      console.log((await startDockerCluster('${tool}', 'node', '1.34')).kubeconfig);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [path] = (await once(child.stdout, 'data')) as [Buffer];
    expect(await readdir(clusters)).toHaveLength(1);
    child.kill('SIGKILL');
    await expect.poll(() => readdir(clusters)).toEqual([]);
    await expect.poll(() => existsSync(dirname(path.toString().trim()))).toBe(false);
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What an image says of itself. */
export interface Inspected {
  readonly architecture: string;
  readonly created: string;
  /** By which the archive names it. */
  readonly references: readonly string[];
  readonly config: { readonly Labels?: Readonly<Record<string, string>> };
  readonly history: readonly { readonly created_by: string; readonly empty_layer?: boolean }[];
  /** Names of the archive's members that have the layers, lowest first. */
  readonly layers: readonly string[];
  /** Digests of the layers as they are unpacked. */
  readonly diffIds: readonly string[];
}

async function member(archive: string, name: string): Promise<unknown> {
  return JSON.parse((await run('tar', ['-xOf', archive, name], { maxBuffer: 16 << 20 })).stdout);
}

/** Reads an archive in docker's form. */
export async function inspectArchive(archive: string): Promise<Inspected> {
  const [manifest] = (await member(archive, 'manifest.json')) as [
    { Config: string; RepoTags: string[]; Layers: string[] },
  ];
  const { rootfs, ...image } = (await member(archive, manifest.Config)) as Pick<
    Inspected,
    'architecture' | 'created' | 'config' | 'history'
  > & { rootfs: { diff_ids: string[] } };
  return { ...image, references: manifest.RepoTags, layers: manifest.Layers, diffIds: rootfs.diff_ids };
}

/** Unpacks an image's files of these paths, or under them, into a folder that is there for as long as `read` takes. */
export async function withFiles<Found>(
  archive: string,
  paths: readonly string[],
  read: (root: string) => Promise<Found>,
): Promise<Found> {
  const root = await mkdtemp(join(tmpdir(), 'voteapp-files-'));
  try {
    const { layers } = await inspectArchive(archive);
    for (const layer of layers) {
      // As one has them, with ./ before them or without; what a layer does not have is no fault.
      const wanted = paths.flatMap((path) => [path, `./${path}`]);
      const script =
        'tar -xOf "$0" "$1" | { tar -x --no-same-owner -C "$2" -- "${@:3}" 2> /dev/null || true; cat > /dev/null; }';
      await run('bash', ['-c', script, archive, layer, root, ...wanted]);
    }
    return await read(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

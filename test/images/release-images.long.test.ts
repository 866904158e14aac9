import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import { VERSION } from '@voteapp/operator/release';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { PROGRAM_NAMES } from '../../scripts/bundle.ts';
import { inspectArchive, withFiles } from '../../scripts/images/archive.ts';
import { findBuilder } from '../../scripts/images/builder.ts';
import { ARCHITECTURES, type Architecture } from '../../scripts/images/image-of.ts';
import { Clone } from '../release/clone.ts';
import { Authority } from '../tools/authority.ts';
import { findHelm } from '../tools/helm.ts';
import { isRequired, reasonOf } from '../tools/programs.ts';
import { ownLayers } from './own-layers.ts';
import { PlayedRegistry } from './played-registry.ts';

const run = promisify(execFile);
const SOURCE = 'https://gitlab.example.com/tv/voteapp';
/** In the header of a program of Linux. */
const MACHINES: Readonly<Record<Architecture, number>> = { amd64: 0x3e, arm64: 0xb7 };
const ELF = Buffer.from('\x7fELF', 'latin1');

interface Bill {
  readonly bomFormat: string;
  readonly metadata: {
    readonly timestamp: string;
    readonly component: { readonly name: string; readonly version: string };
  };
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl?: string }[];
}

/** Why releases of images cannot be tested here; null: they can. */
async function hindrance(): Promise<string | null> {
  const helm = await findHelm();
  if ('missing' in helm) return helm.missing;
  return await findBuilder().then(() => null, reasonOf);
}

const missing = await hindrance();
if (missing !== null) {
  if (isRequired('k8s-node')) throw new Error(`The tests need to build images: ${missing}`);
  process.stderr.write(`Tests of images as they are released are skipped: ${missing}.\n`);
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

describe.skipIf(missing !== null)('npm run release -- --publish', { timeout: 900_000 }, () => {
  let clone: Clone;
  let folder: string;
  let registry: PlayedRegistry;
  let environment: NodeJS.ProcessEnv;
  let published: string;

  const archiveOf = (name: string, architecture: Architecture) =>
    join(clone.folder, `dist/images/voteapp-${name}-${VERSION}-${architecture}.tar`);
  const each = PROGRAM_NAMES.flatMap((name) => ARCHITECTURES.map((architecture) => [name, architecture] as const));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'voteapp-release-'));
    const authority = await Authority.create();
    registry = await PlayedRegistry.start(
      await authority.issue({ subject: 'CN=localhost', server: { names: ['localhost'] } }),
    );
    const authorities = join(folder, 'authorities.pem');
    await writeFile(authorities, authority.identity.certificate);
    environment = { ...process.env, SSL_CERT_FILE: authorities, CI_PROJECT_URL: SOURCE };
    clone = await Clone.make();
    await clone.commit('feat: everything');
    await clone.git('tag', `v${VERSION}`);
    const command = ['run', '--silent', 'release', '--', '--publish', '--registry', `${registry.host}/poll`];
    published = (await run('npm', command, { cwd: clone.folder, env: environment })).stdout;
  }, 900_000);
  afterAll(async () => {
    await registry.close();
    await clone.remove();
    await rm(folder, { recursive: true });
  });

  test.for(each)('makes an image of %s for %s that says what it is', async ([name, architecture]) => {
    const image = await inspectArchive(archiveOf(name, architecture));
    const created = new Date(Number(await clone.git('log', '-1', '--format=%ct')) * 1000).toISOString();
    expect(image.architecture).toBe(architecture);
    expect(image.references).toEqual([expect.stringContaining(`voteapp-${name}:${VERSION}`)]);
    // Of what has not changed since another release there is nothing to pull.
    expect(Date.parse(image.created)).toBe(0);
    const { Labels: labels = {} } = image.config;
    const known = Object.entries(labels).map(([label, value]) => [
      label.replace('org.opencontainers.image.', ''),
      value,
    ]);
    expect(Object.fromEntries(known)).toEqual({
      'base.digest': expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      'base.name': expect.stringMatching(/\/.+:/) as string,
      created: created.replace('.000', ''),
      description: expect.stringMatching(/\S/) as string,
      documentation: `${SOURCE}#readme`,
      licenses: 'Apache-2.0',
      revision: await clone.git('rev-parse', 'HEAD'),
      source: SOURCE,
      title: 'VoteApp',
      version: VERSION,
    });
  });

  test.for(ARCHITECTURES)('gives it a Node.js for %s', async (architecture) => {
    const programs = ['nodejs/bin/node', 'usr/local/bin/node'];
    await withFiles(archiveOf('vote', architecture), programs, async (root) => {
      const found = programs.map(async (path) => await readFile(join(root, path)).catch(() => null));
      const program = (await Promise.all(found)).find((content) => content !== null);
      expect(program?.subarray(0, 4)).toEqual(ELF);
      expect(program?.readUInt16LE(18)).toBe(MACHINES[architecture]);
    });
  });

  test.for(PROGRAM_NAMES)('adds nothing to it of %s that only one architecture runs', async (name) => {
    const [amd64, arm64] = await Promise.all(ARCHITECTURES.map((each) => inspectArchive(archiveOf(name, each))));
    const count = ownLayers(amd64!);
    expect(arm64!.diffIds.slice(-count)).toEqual(amd64!.diffIds.slice(-count));
    expect(arm64!.diffIds[0]).not.toBe(amd64!.diffIds[0]);
    await withFiles(archiveOf(name, 'arm64'), ['app'], async (root) => {
      const { stdout } = await run('find', [join(root, 'app'), '-type', 'f', '-exec', 'head', '-qc4', '{}', ';']);
      expect(stdout).toContain('impo');
      expect(stdout).not.toContain('\x7fELF');
    });
  });

  test.for(each)(
    'tells what %s for %s is made of: its packages, Node.js and its base',
    async ([name, architecture]) => {
      const bill = JSON.parse(
        await readFile(archiveOf(name, architecture).replace('.tar', '.cdx.json'), 'utf8'),
      ) as Bill;
      expect(bill).toMatchObject({
        bomFormat: 'CycloneDX',
        metadata: { component: { type: 'container', name: `voteapp-${name}`, version: VERSION } },
      });
      const versions = Object.fromEntries(bill.components.map((component) => [component.name, component.version]));
      const { devDependencies } = JSON.parse(await clone.read('package.json')) as {
        devDependencies: Record<string, string>;
      };
      expect(versions).toMatchObject({ node: expect.stringMatching(/^24\./) as string, zod: devDependencies['zod'] });
      const listed = await clone.read('dist/release/SHA256SUMS');
      expect(listed).toContain(`  voteapp-${name}-${VERSION}-${architecture}.cdx.json\n`);
      const libc = bill.components.find((component) => component.name === 'libc6');
      expect(libc?.purl).toMatch(
        new RegExp(String.raw`^pkg:deb/debian/libc6@\S+\?arch=${architecture}&distro=debian-13$`),
      );
    },
  );

  test.for(PROGRAM_NAMES)('pushes %s as one image for both', async (name) => {
    expect(published).toContain(`${registry.host}/poll/voteapp-${name}:${VERSION}\n`);
    const image = `poll/voteapp-${name}`;
    const index = registry.manifest(image, VERSION);
    expect(index?.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    const { manifests = [] } = index ?? {};
    expect(manifests.map(({ platform }) => platform)).toMatchObject(
      ARCHITECTURES.map((architecture) => ({ os: 'linux', architecture })),
    );
    for (const { digest: named, platform } of manifests) {
      const config = registry.manifest(image, named)?.config?.digest ?? '';
      expect(registry.blob(image, config)).toMatchObject({ architecture: platform.architecture });
    }
  });

  test.for(['voteapp', 'voteapp-poll'])('pushes the chart %s', (chart) => {
    expect(published).toContain(`oci://${registry.host}/poll/charts/${chart}:${VERSION}\n`);
    const manifest = registry.manifest(`poll/charts/${chart}`, VERSION);
    expect(registry.blob(`poll/charts/${chart}`, manifest?.config?.digest ?? '')).toMatchObject({
      name: chart,
      version: VERSION,
    });
  });

  // The last: what it makes takes the place of the rest.
  test('makes the same archives again, byte for byte, of nothing but the commit', async () => {
    const files = ARCHITECTURES.map((architecture) => archiveOf('vote', architecture));
    const before = await Promise.all(files.map(digest));
    const command = ['run', '--silent', 'images', '--', '--release', 'vote', '--no-cache'];
    await run('npm', command, { cwd: clone.folder, env: environment });
    expect(await Promise.all(files.map(digest))).toEqual(before);
  });
});

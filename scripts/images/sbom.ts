import { createReadStream, existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { BILL } from '../bill-of-materials.ts';
import { inspectArchive, withFiles } from './archive.ts';

const PROGRAMS = ['nodejs/bin/node', 'usr/local/bin/node'];
// Of an image without dpkg, and of one with it.
const PACKAGES = ['var/lib/dpkg/status.d', 'var/lib/dpkg/status'];
const SYSTEM = ['usr/lib/os-release', 'etc/os-release'];
/** What a build of Node.js has of its own release, whatever processor it is for. */
const RELEASE = /node-v(\d+\.\d+\.\d+)-headers\.tar\.gz/;
/** Longer than what is looked for. */
const OVERLAP = 64;

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly 'bom-ref': string;
  readonly [field: string]: unknown;
}

interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** A file of Debian's form: fields by their names, of one package after another. */
function stanzas(text: string): Record<string, string>[] {
  return text
    .split(/\n{2,}/)
    .map((stanza) =>
      Object.fromEntries(
        [...stanza.matchAll(/^(\S+): *(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const),
      ),
    );
}

function shellValues(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    [...text.matchAll(/^(\w+)="?(.*?)"?$/gm)].map(([, name = '', value = '']) => [name, value] as const),
  );
}

async function nodeVersion(program: string): Promise<string> {
  let rest = '';
  for await (const chunk of createReadStream(program, { highWaterMark: 4 << 20, encoding: 'latin1' })) {
    const version = RELEASE.exec(rest + (chunk as string))?.[1];
    if (version !== undefined) return version;
    rest = (chunk as string).slice(-OVERLAP);
  }
  throw new Error(`${program} does not say which Node.js it is`);
}

async function nodeComponent(root: string): Promise<Component> {
  const program = PROGRAMS.map((path) => join(root, path)).find((path) => existsSync(path));
  if (program === undefined) throw new Error(`there is no Node.js at ${PROGRAMS.join(' or ')}`);
  const version = await nodeVersion(program);
  return {
    type: 'platform',
    name: 'node',
    version,
    'bom-ref': `node@${version}`,
    licenses: [{ license: { id: 'MIT' } }],
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}`,
  };
}

async function systemComponents(root: string): Promise<Component[]> {
  const release = SYSTEM.map((path) => join(root, path)).find((path) => existsSync(path));
  if (release === undefined) throw new Error('the base does not say which system it is');
  const { ID: id = '', VERSION_ID: version = '' } = shellValues(await readFile(release, 'utf8'));
  const distribution = `${id}-${version}`;
  const files = globSync(
    PACKAGES.flatMap((path) => [path, `${path}/*`]),
    { cwd: root, exclude: ['**/*.md5sums'] },
  );
  const texts = files.sort().map(async (file) => await readFile(join(root, file), 'utf8').catch(() => ''));
  const packages = stanzas((await Promise.all(texts)).join('\n\n')).flatMap((fields) => {
    const { Package: name, Version: packaged, Architecture: architecture = '' } = fields;
    if (name === undefined || packaged === undefined) return [];
    const purl = `pkg:deb/${id}/${name}@${encodeURIComponent(packaged)}?arch=${architecture}&distro=${distribution}`;
    return [{ type: 'library', name, version: packaged, 'bom-ref': purl, purl }];
  });
  return [{ type: 'operating-system', name: id, version, 'bom-ref': distribution }, ...packages];
}

/**
 * What an image is made of, in CycloneDX' form: the packages in its bundle, its Node.js, and the packages of its base.
 * `created` is of the form 2026-05-04T12:00:00Z.
 */
export async function imageBill(archive: string, name: string, created: string): Promise<string> {
  const { config, architecture } = await inspectArchive(archive);
  const paths = [`app/${BILL}`, ...PROGRAMS, ...PACKAGES, ...SYSTEM];
  return await withFiles(archive, paths, async (root) => {
    const bill = JSON.parse(await readFile(join(root, 'app', BILL), 'utf8')) as Bill;
    const base = [await nodeComponent(root), ...(await systemComponents(root))];
    const version = config.Labels?.['org.opencontainers.image.version'] ?? '';
    const { component } = bill.metadata;
    const properties = [{ name: 'architecture', value: architecture }];
    const image = { ...component, type: 'container', name, version, purl: undefined, properties };
    const dependencies = bill.dependencies.map((each) =>
      each.ref === component['bom-ref']
        ? { ...each, dependsOn: [...(each.dependsOn ?? []), ...base.map((part) => part['bom-ref'])] }
        : each,
    );
    return `${JSON.stringify(
      {
        ...bill,
        metadata: { ...bill.metadata, timestamp: created, component: image },
        components: [...bill.components, ...base],
        dependencies: [...dependencies, ...base.map((part) => ({ ref: part['bom-ref'] }))],
      },
      null,
      2,
    )}\n`;
  });
}

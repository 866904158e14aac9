import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { VERSION } from '@voteapp/operator/release';
import { stringify } from 'yaml';

import { afterInstall } from '../check/after.ts';
import { aroundPolls } from '../check/before.ts';
import { type Cluster, withCluster } from '../cluster/cluster.ts';
import { findVotingApp, listVotingApps, type StoredApp } from '../cluster/voting-apps.ts';
import type { PollOptions } from '../command.ts';
import { EXIT, type ExitCode, Failure } from '../exit-codes.ts';
import { localPoll } from '../poll/local-poll.ts';
import type { Poll } from '../poll/poll.ts';
import { localInstead } from '../poll/with-poll.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Collection, Collector } from './collect.ts';
import { collectLocal } from './collect-local.ts';
import { knownSecrets, redactObject, redactText } from './redact.ts';
import { tarOf, type TarFile } from './tar.ts';

export interface ReportOptions extends PollOptions {
  readonly file?: string;
}

const OF_CLUSTER = `What \`voteapp report\` read of a cluster, for whoever is asked for help.

  versions.yaml       this tool, the cluster
  checks.yaml         what \`voteapp check\` says
  voting-apps/        each VotingApp, what was made of it, its events and the logs of its pods
  operators/          each operator, its pods, their logs, the Lease
  missing.txt         what could not be read, and why

Secrets are left out: of a Secret there are the names of its keys. Values of Secrets and whatever looks like a
password, a token or a cookie is <redacted> everywhere else. Look through it before you hand it on, all the same.
`;

const OF_THIS_MACHINE = `What \`voteapp report\` read of a poll of this machine, for whoever is asked for help.

  versions.yaml       this tool, Node.js, the system
  status.yaml         what \`voteapp status\` says
  definition.yaml     the poll as its services have it
  results.yaml        the count, or its totals where the poll hides it
  rounds.yaml         its rounds
  health/, metrics/   what each service says of itself
  folder.yaml         the files of its data, by their names and sizes
  missing.txt         what could not be read, and why

Its logs are what \`voteapp up\` has printed: add them. Neither votes nor keys are in it, and whatever looks like a
password, a token or a cookie is <redacted>. Look through it before you hand it on, all the same.
`;

/** The files as they go into the archive: everything passes here, and nothing leaves it that is known to be secret. */
export function filesOf({ files, missing }: Collection, folder: string, readme: string): TarFile[] {
  const known = knownSecrets(files.flatMap((file) => ('object' in file ? file.object : [])));
  const contents = files.map((file): TarFile => {
    if ('object' in file) return { path: file.path, content: stringify(redactObject(file.object, known)) };
    if ('text' in file) return { path: file.path, content: redactText(file.text, known) };
    return { path: file.path, content: redactText(stringify(file.value), known) };
  });
  const lacking = missing.length === 0 ? 'Nothing.' : missing.join('\n');
  return [
    { path: 'README.txt', content: readme },
    ...contents,
    { path: 'missing.txt', content: `${redactText(lacking, known)}\n` },
  ].map(({ path, content }) => ({ path: `${folder}/${path}`, content }));
}

async function appsOf(cluster: Cluster, name: string | undefined): Promise<readonly StoredApp[]> {
  return name === undefined ? await listVotingApps(cluster) : [await findVotingApp(cluster, name)];
}

async function collect(cluster: Cluster, name: string | undefined, terminal: Terminal): Promise<Collection> {
  const { signal } = terminal;
  const collector = new Collector(cluster, signal);
  const { context, url, namespace, server } = cluster;
  // A name that nobody has is no reason to make an archive; a missing resource type is one to report.
  const apps =
    name === undefined
      ? ((await collector.attempt('VotingApps', () => appsOf(cluster, name))) ?? [])
      : await appsOf(cluster, name);
  const version = await collector.attempt('version of the cluster', () =>
    server.request({ method: 'GET', path: '/version', signal }),
  );
  collector.add({
    path: 'versions.yaml',
    value: { voteapp: VERSION, node: process.version, cluster: version, context, url, namespace },
  });
  const checks = await collector.attempt('checks', async () => [
    ...(await aroundPolls(cluster)),
    ...(await afterInstall(cluster, namespace, terminal)),
  ]);
  if (checks !== null) collector.add({ path: 'checks.yaml', value: checks });
  for (const app of apps) {
    terminal.tell(`Reading ${app.metadata.name} …`);
    await collector.app(app);
  }
  terminal.tell('Reading the operator …');
  await collector.operators();
  return collector.collection;
}

interface Read {
  readonly collection: Collection;
  /** What there is in it. */
  readonly readme: string;
}

async function collected(name: string | undefined, options: ReportOptions, terminal: Terminal): Promise<Read> {
  const ofThisMachine = async (poll: Poll): Promise<Read> => {
    return { collection: await collectLocal(poll, join(options.data, poll.name)), readme: OF_THIS_MACHINE };
  };
  if (options.local === true) return await ofThisMachine(await localPoll(options.data, name));
  try {
    const ofCluster = async (cluster: Cluster): Promise<Collection> => collect(cluster, name, terminal);
    return { collection: await withCluster(options, ofCluster, terminal.signal), readme: OF_CLUSTER };
  } catch (error) {
    const poll = await localInstead(name, options, error, terminal);
    if (poll === null) throw error;
    return await ofThisMachine(poll);
  }
}

/** As 20261220-223000. */
function stamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** Writes an archive of what there is to know about polls and their operator, without secrets. */
export async function report(name: string | undefined, options: ReportOptions, terminal: Terminal): Promise<ExitCode> {
  const now = terminal.now();
  const folder = ['voteapp-report', name, stamp(now)].filter((part) => part !== undefined).join('-');
  const file = options.file ?? `${folder}.tar.gz`;
  const { collection, readme } = await collected(name, options, terminal);
  const archive = gzipSync(tarOf(filesOf(collection, folder, readme), Math.floor(now / 1_000)));
  try {
    await writeFile(file, archive, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'is there already' : `cannot be written (${message.split(',')[0] ?? ''})`;
    throw new Failure(EXIT.failed, `${file} ${why}: name another with --file.`, error);
  }
  const { missing } = collection;
  if (missing.length > 0) terminal.tell(`${missing.length} things could not be read; missing.txt in it says which.`);
  terminal.tell('Secrets are left out; look through it before you hand it on.');
  terminal.print(file);
  return EXIT.ok;
}

import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';

import { unlessMissing } from '../servers/software.ts';
import { type Container, Pod, unpackImage, type UnpackedImage } from './container.ts';
import { serverImage, type ServerImageName } from './server-images.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('Tests of the servers’ images are skipped: their namespaces need root.\n');

const UNTIL_SERVED = { timeout: 60_000, interval: 200 };
const LIMIT = { timeout: 150_000 };

/** The image, unpacked until the suite ends; null where this machine cannot have it. */
async function unpacked(name: ServerImageName): Promise<UnpackedImage | null> {
  const image = isRoot ? await unlessMissing(name, serverImage(name)) : null;
  if (image === null) return null;
  const files = await unpackImage(image.archive);
  afterAll(() => files.remove());
  return files;
}

const DATA = '/var/lib/mysql';
const PASSWORD = String.raw`it's \ secret`;

describe.each([
  { name: 'mysql', client: 'mysql', prefix: 'MYSQL', server: 'mysqld', strays: 'MARIADB' },
  { name: 'mariadb', client: 'mariadb', prefix: 'MARIADB', server: 'mariadbd', strays: 'OTHER' },
] as const)('the image of $name', LIMIT, async ({ name, client, prefix, server, strays }) => {
  const image = await unpacked(name);
  let pod: Pod;
  beforeEach(async () => {
    pod = await Pod.create(image!, [DATA, '/var/run/mysqld', '/tmp']);
  });
  afterEach(() => pod.remove());

  const settings = (own = prefix): Record<string, string> => ({
    [`${own}_ROOT_PASSWORD_FILE`]: '/run/secrets/root',
    [`${own}_DATABASE`]: 'poll_1',
    [`${own}_USER`]: 'voteapp',
    [`${own}_PASSWORD`]: PASSWORD,
  });
  const files = { '/run/secrets/root': 'root secret\n' };

  function query(container: Container, statement: string, user = 'voteapp', password = PASSWORD): Promise<string> {
    const login = ['--host=127.0.0.1', `--user=${user}`, `--password=${password}`];
    return container.exec([client, ...login, '--batch', '--skip-column-names', `--execute=${statement}`]);
  }

  test.skipIf(image === null)('makes its database once, and keeps it', async () => {
    // Options alone, as a pod's `args`.
    const args = ['--max-connections=77'];
    const first = await pod.start({ env: settings(), files, args });
    await expect.poll(() => query(first, 'SELECT @@max_connections'), UNTIL_SERVED).toBe('77');
    await query(first, 'CREATE TABLE poll_1.kept AS SELECT 42 AS answer');
    // A database of a name that `_` would match.
    await expect(query(first, 'CREATE DATABASE pollx1')).rejects.toThrow('Access denied');
    expect(await query(first, 'SELECT CURRENT_USER()', 'root', 'root secret')).toBe('root@%');
    const roots = "SELECT CONCAT(user, '@', host) FROM mysql.user WHERE user IN ('root', '') ORDER BY host";
    expect(await query(first, roots, 'root', 'root secret')).toBe('root@%\nroot@localhost');
    expect(await first.signal('SIGTERM')).toEqual({ code: 0, signal: null });

    const second = await pod.start();
    await expect.poll(() => query(second, 'SELECT answer FROM poll_1.kept'), UNTIL_SERVED).toBe('42');
    expect(await query(second, 'SHOW DATABASES')).not.toContain('fresh');
    expect(second.output() + first.output()).not.toContain('secret');
  });

  test.skipIf(image === null).for<[string, (data: string) => boolean]>([
    ['makes its files', (data) => existsSync(join(data, 'fresh/mysql'))],
    ['makes its users', () => existsSync(join(pod.volume('/tmp'), 'first.pid'))],
  ])('begins anew after it was killed while it %s', async ([, isThere]) => {
    const killed = await pod.start({ env: settings(), files });
    await expect.poll(() => isThere(pod.volume(DATA)), { timeout: 60_000, interval: 5 }).toBe(true);
    await killed.signal('SIGKILL');
    expect(await readdir(pod.volume(DATA))).toEqual(['fresh']);
    const again = await pod.start({ env: settings(), files });
    await expect.poll(() => query(again, 'SELECT DATABASE()'), UNTIL_SERVED).toBe('NULL');
  });

  test.skipIf(image === null).for<[string, Record<string, string>, string]>([
    ['no password for root', {}, `needs one of`],
    ['another server’s settings', settings(strays as typeof prefix), 'needs one of'],
    ['a password twice', { ...settings(), [`${prefix}_ROOT_PASSWORD`]: 'x' }, `both ${prefix}_ROOT_PASSWORD`],
    ['root as the user', { ...settings(), [`${prefix}_USER`]: 'root' }, 'cannot be root'],
  ])('refuses a first start with %s, and makes nothing', async ([, env, reason]) => {
    const refused = await pod.start({ env, files });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.output()).toContain(reason);
    expect(await readdir(pod.volume(DATA))).toEqual([]);
  });

  test.skipIf(image === null)('says its version without a database', async () => {
    const container = await pod.start({ args: [server, '--version'] });
    expect(await container.ended).toEqual({ code: 0, signal: null });
    expect(container.output()).toContain(server);
    expect(await readdir(pod.volume(DATA))).toEqual([]);
  });
});

describe('the image of RabbitMQ', LIMIT, async () => {
  const image = await unpacked('rabbitmq');
  const home = '/var/lib/rabbitmq';
  let pod: Pod;
  beforeEach(async () => {
    pod = await Pod.create(image!, [home, '/tmp']);
  });
  afterEach(() => pod.remove());

  // A tool that is run before the broker has made its cookie makes another, and then they never understand each other.
  async function untilStarted(container: Container): Promise<void> {
    await expect.poll(() => container.output(), UNTIL_SERVED).toContain('Server startup complete');
  }

  test.skipIf(image === null)('takes its user from a file at the first start, and keeps what it is told', async () => {
    const files = { '/etc/rabbitmq/conf.d/30-user.conf': 'default_user = voteapp\ndefault_pass = a secret\n' };
    const first = await pod.start({ files });
    const login = ['rabbitmqctl', 'authenticate_user', 'voteapp', 'a secret'];
    await untilStarted(first);
    expect(await first.exec(['rabbitmq-diagnostics', 'check_running'])).toContain('running');
    expect(await first.exec(login)).toContain('Success');
    expect(await first.exec(['rabbitmq-plugins', 'list', '--enabled', '--minimal'])).toContain('rabbitmq_prometheus');
    await first.exec(['rabbitmqctl', 'add_vhost', 'kept']);
    expect((await stat(join(pod.volume(home), '.erlang.cookie'))).mode & 0o777).toBe(0o400);
    expect(await first.signal('SIGTERM')).toEqual({ code: 0, signal: null });

    const second = await pod.start();
    await untilStarted(second);
    expect(await second.exec(['rabbitmqctl', 'list_vhosts'])).toContain('kept');
    expect(await second.exec(login)).toContain('Success');
    expect(first.output() + second.output()).not.toContain('a secret');
  });

  test.skipIf(image === null)('refuses settings that are no longer read', async () => {
    const refused = await pod.start({ env: { RABBITMQ_DEFAULT_PASS_FILE: '/run/secrets/password' } });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.output()).toContain('RABBITMQ_DEFAULT_PASS_FILE');
    expect(refused.output()).not.toContain('/run/secrets');
  });
});

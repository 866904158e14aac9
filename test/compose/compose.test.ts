import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { parsePollFile } from '@voteapp/contracts/poll-file';
import { parseConfig } from '@voteapp/kit/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { operatorEnv } from '../../operator/src/config.ts';
import { readPage, stepsOf } from '../tools/document.ts';
import { COMPOSE_FILE, readComposeFile, startOrder } from './compose-file.ts';

interface Linter {
  lintFiles(
    paths: readonly string[],
    doesRecurse: boolean,
  ): readonly { readonly messages: readonly { readonly rule: string; readonly message: string }[] }[];
}

const require = createRequire(import.meta.url);
// It carries the schema of the specification. Its own types name files that TypeScript does not find.
const { DCLinter } = require('dclint') as { readonly DCLinter: new (config: object) => Linter };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const file = await readComposeFile();
const services = Object.entries(file.services);

async function manifest(path: string): Promise<{ version: string; devDependencies: Record<string, string> }> {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8')) as Awaited<ReturnType<typeof manifest>>;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'voteapp-compose-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the compose specification', () => {
  // Only what the schema says, and one name or port twice: the other rules are of taste.
  const rules = {
    'no-duplicate-container-names': 2,
    'no-duplicate-exported-ports': 2,
    'require-quotes-in-ports': 2,
    'no-version-field': 2,
  } as const;

  async function problemsOf(text: string): Promise<string[]> {
    const path = join(folder, 'compose.yaml');
    await writeFile(path, text);
    const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
    const [result] = linter.lintFiles([path], false);
    const severe = new Set(['invalid-schema', 'invalid-yaml', ...Object.keys(rules)]);
    return result!.messages.flatMap(({ rule, message }) => (severe.has(rule) ? [message] : []));
  }

  test('has nothing to say against the file', async () => {
    expect(await problemsOf(await readFile(COMPOSE_FILE, 'utf8'))).toEqual([]);
  });

  test.for([
    ['a key that there is not', 'read_only: true', 'readonly: true'],
    ['a condition that there is not', 'condition: service_healthy', 'condition: healthy'],
    ['a text where a list belongs', 'cap_drop: [ALL]', 'cap_drop: ALL'],
  ] as const)('refuses %s', async ([, from, to]) => {
    const text = await readFile(COMPOSE_FILE, 'utf8');
    expect(text).toContain(from);
    expect(await problemsOf(text.replace(from, to))).not.toEqual([]);
  });
});

describe('compose.yaml', () => {
  test('starts databases and brokers before the services, and the proxy last', () => {
    expect(startOrder(file)).toEqual(['rabbitmq', 'mysql', 'worker', 'front', 'vote', 'proxy']);
    expect(startOrder(file, ['sqs'])).toEqual(['rabbitmq', 'sqs', 'mysql', 'worker', 'front', 'vote', 'proxy']);
    const conditions = services.flatMap(([, { depends_on = {} }]) => Object.values(depends_on));
    expect(new Set(conditions.map(({ condition }) => condition))).toEqual(new Set(['service_healthy']));
  });

  test('names the images of this release and of the operator', async () => {
    const { version, devDependencies } = await manifest('package.json');
    const images = Object.fromEntries(services.map(([name, { image }]) => [name, image]));
    const operators = parseConfig(operatorEnv, {});
    expect(images).toMatchObject({
      vote: operators.RELATED_IMAGE_VOTE,
      worker: operators.RELATED_IMAGE_WORKER,
      front: operators.RELATED_IMAGE_FRONT,
      mysql: operators.RELATED_IMAGE_MYSQL,
      rabbitmq: operators.RELATED_IMAGE_RABBITMQ,
      sqs: `docker.io/kibertoad/fauxqs:${devDependencies['fauxqs']}`,
    });
    expect(images['vote']).toBe(`voteapp-vote:${version}`);
    for (const [name, { build }] of services) if (build !== undefined) expect(build.target).toBe(name);
  });

  test.for(services)('lets %s do no more than it must', ([, service]) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      logging: { driver: 'local', options: { 'max-size': '10m', 'max-file': '3' } },
      stop_grace_period: expect.stringMatching(/^(?:30|60)s$/) as string,
    });
    expect(service.container_name).toBeUndefined();
  });

  test('lets nobody in but through the proxy, and the database and the queue not out', () => {
    const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
    expect(published).toEqual(['proxy']);
    expect(file.services['proxy']!.ports).toEqual(['127.0.0.1:8080:8080', '127.0.0.1:8082:8082']);
    const members = (network: string) =>
      services.filter(([, { networks }]) => networks.includes(network)).map(([name]) => name);
    expect(file.networks['back']).toEqual({ internal: true });
    expect(members('front').sort()).toEqual(['front', 'proxy', 'vote']);
    expect(members('back').sort()).toEqual(['front', 'mysql', 'rabbitmq', 'sqs', 'vote', 'worker']);
  });

  test('gives secrets as files, and each to those who need it', () => {
    const holders = (secret: string) =>
      services.filter(([, { secrets = [] }]) => secrets.some((each) => each === secret)).map(([name]) => name);
    expect(holders('round_key')).toEqual(['vote']);
    expect(holders('session_key').sort()).toEqual(['front', 'vote']);
    expect(holders('mysql_root_password')).toEqual(['mysql']);
    const variables = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
    const secret = variables.filter(([name]) => /PASSWORD|SESSION_KEY|ROUND_KEY/.test(name));
    for (const [name, value] of secret)
      expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\//)]);
  });

  test('comes with a poll that the services take', async () => {
    const { base } = parsePollFile(await readFile(join(ROOT, 'compose/poll/poll.json'), 'utf8'));
    expect(base).toBeDefined();
    const { name } = JSON.parse(await readFile(join(ROOT, 'compose/poll/poll.json'), 'utf8')) as { name: string };
    for (const service of ['vote', 'worker', 'front']) {
      expect(file.services[service]!.environment).toMatchObject({ APP_NAME: name });
    }
  });
});

describe('the commands of docs/compose.md', async () => {
  const page = await readPage('docs/compose.md');
  const inBlocks = stepsOf(page).map(({ command }) => command);
  const inTables = [...page.matchAll(/`(docker compose [^`]+)`/g)].map(([, command = '']) => command);
  const commands = [...new Set([...inBlocks, ...inTables])];
  // docker compose's own, and which of them a service may follow.
  const verbs = new Set(['up', 'down', 'logs']);

  test('are found', () => {
    expect(commands).toEqual(expect.arrayContaining(['compose/make-secrets.sh', 'docker compose up --build --wait']));
    expect(commands.length).toBeGreaterThanOrEqual(8);
  });

  test.for(commands)('name only what there is: %s', (command) => {
    const variables = [...command.matchAll(/^(\w+)=(\S+) /g)];
    const words = command.split(' ').slice(variables.length);
    for (const [, name] of variables) expect(page).toContain(`| \`${name}\` |`);
    const published = file.services['proxy']!.ports!.map((port) => port.split(':')[1]);
    switch (words[0]) {
      case 'curl':
        expect(published).toContain(/localhost:(\d+)/.exec(command)?.[1]);
        break;
      case 'docker': {
        const verb = words.findIndex((word) => verbs.has(word));
        expect(words[1]).toBe('compose');
        expect(verb).toBeGreaterThan(1);
        const scaled = [...command.matchAll(/--scale (\w+)=\d+/g)].map(([, name]) => name);
        const named = words
          .slice(verb + 1)
          .filter((word, at, all) => !word.startsWith('-') && all[at - 1] !== '--scale');
        expect(Object.keys(file.services)).toEqual(expect.arrayContaining([...scaled, ...named]));
        const profiles = services.flatMap(([, service]) => service.profiles ?? []);
        const wanted = [...command.matchAll(/--profile (\S+)/g)].map(([, profile]) => profile);
        expect(profiles).toEqual(expect.arrayContaining(wanted));
        break;
      }
      default:
        expect(existsSync(join(ROOT, words[0]!)), words[0]).toBe(true);
    }
  });

  test.for(
    [...page.matchAll(/^\| `([A-Z_]+)` \| `([^`]*)` \|/gm)].map(
      ([, name = '', preset = '']) => [name, preset] as const,
    ),
  )('set %s, which is %s by itself', async ([name, preset]) => {
    expect(JSON.stringify(await readComposeFile({ [name]: 'another' }))).toContain('another');
    expect(JSON.stringify(await readComposeFile({ [name]: preset }))).toBe(JSON.stringify(file));
  });
});

describe('make-secrets.sh', () => {
  const made = async () => {
    const names = (await readdir(join(folder, 'compose/secrets'))).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(folder, 'compose/secrets', name), 'utf8')));
    return Object.fromEntries(names.map((name, at) => [name, texts[at]!]));
  };
  const make = () => promisify(execFile)('sh', [join(folder, 'compose/make-secrets.sh')], { cwd: tmpdir() });

  beforeAll(async () => {
    await cp(join(ROOT, 'compose/make-secrets.sh'), join(folder, 'compose/make-secrets.sh'), { recursive: true });
    await make();
  });

  test('makes every secret that compose.yaml names, which nobody can guess', async () => {
    const secrets = await made();
    const named = Object.values(file.secrets).map(({ file }) => file.replace('compose/secrets/', ''));
    expect(Object.keys(secrets)).toEqual(named.sort());
    for (const key of ['session_key', 'round_key']) expect(Buffer.from(secrets[key]!, 'base64')).toHaveLength(32);
    expect(new Set(Object.values(secrets)).size).toBe(named.length);
    // Quotes and backslashes the database's image would take for its own.
    for (const name of ['mysql_password', 'mysql_root_password', 'rabbitmq_password']) {
      expect(secrets[name]).toMatch(/^[\w-]{32}\n$/);
    }
    expect(secrets['rabbitmq.conf']).toBe(`default_user = voteapp\ndefault_pass = ${secrets['rabbitmq_password']}`);
  });

  test('keeps them from others of the machine, and not from the users of the containers', async () => {
    expect((await stat(join(folder, 'compose/secrets'))).mode & 0o777).toBe(0o700);
    for (const name of Object.keys(await made())) {
      expect((await stat(join(folder, 'compose/secrets', name))).mode & 0o777).toBe(0o644);
    }
  });

  test('leaves those that are there, and makes those that are missing', async () => {
    const before = await made();
    await rm(join(folder, 'compose/secrets/session_key'));
    expect((await make()).stdout.trim()).toMatch(/^made \S+session_key$/);
    const after = await made();
    expect(after['session_key']).not.toBe(before['session_key']);
    expect({ ...after, session_key: '' }).toEqual({ ...before, session_key: '' });
    expect((await make()).stdout).toBe('');
  });
});

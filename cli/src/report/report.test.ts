import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { KubeObject } from '@voteapp/operator/runtime/object';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { knownSecrets, REDACTED, redactObject, redactText } from './redact.ts';
import { filesOf } from './report.ts';
import { tarOf } from './tar.ts';

function object(kind: string, fields: object, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'lunch', namespace: 'shop', annotations }, ...fields };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('an archive', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'voteapp-tar-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is read by tar, names of any length and texts of any size with it', () => {
    const files = [
      { path: 'a/empty.txt', content: '' },
      { path: 'a/block.txt', content: 'x'.repeat(512) },
      { path: 'a/ação.txt', content: 'não é ASCII' },
      ...[99, 100, 101, 236, 990].map((length) => {
        const name = 'n'.repeat(80);
        const path = `${name}/`
          .repeat(20)
          .slice(0, length - 4)
          .replace(/\/$/, 'e');
        return { path: `${path}.txt`, content: String(length) };
      }),
    ];
    const archive = join(folder, 'archive.tar.gz');
    writeFileSync(archive, gzipSync(tarOf(files, 1_700_000_000)));
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    for (const { path, content } of files) {
      expect(readFileSync(join(folder, path), 'utf8'), path).toBe(content);
      expect(statSync(join(folder, path)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(folder, 'a/empty.txt')).mtimeMs).toBe(1_700_000_000_000);
    expect(readdirSync(join(folder, 'a'))).toHaveLength(3);
  });
});

describe('what looks like a secret in a text', () => {
  test.each([
    ['GET /api/results?receipt=abc.def HTTP', 'GET /api/results?receipt=<redacted> HTTP'],
    ['Authorization: Bearer abc', 'Authorization: <redacted>'],
    ['sent Bearer abcdefgh to front', 'sent Bearer <redacted> to front'],
    ['"authorization":"Basic dXNlcjpwYXNz","host":"a"', '"authorization":<redacted>,"host":"a"'],
    ['{"err":"{\\"password\\":\\"hunter2\\"}"}', '{"err":"{\\"password\\":<redacted>}"}'],
    ['MYSQL_PASSWORD=hunter2 next', 'MYSQL_PASSWORD=<redacted> next'],
    ["password: 'it''s me'", 'password: <redacted>'],
    ['mysql://voteapp:hunter2@db:3306/voteapp', 'mysql://voteapp:<redacted>@db:3306/voteapp'],
    ['cookie userID=abc.def; voteapp_12ab34cd=coca.1.x', 'cookie userID=<redacted>; voteapp_12ab34cd=<redacted>'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln', '<redacted>'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nafter', '<redacted>\nafter'],
    ['https://s3/x?X-Amz-Signature=abc&a=b', 'https://s3/x?X-Amz-Signature=<redacted>&a=b'],
  ])('%s', (text, expected) => {
    expect(redactText(text, [])).toBe(expected);
  });

  test.each([
    'Every part runs; the poll is Open.',
    'Deployment lunch-vote-server: 1/2 ready: pod x CrashLoopBackOff',
    'Secret lunch-voteapp-secret is not there',
    'secretName lunch-voteapp-secret',
    '{"level":"info","round":"lunch","accepted":12}',
  ])('and what does not stays: %s', (text) => {
    expect(redactText(text, [])).toBe(text);
  });
});

test('of a Secret there are the names of its keys', () => {
  const secret = object('Secret', { type: 'Opaque', data: { 'ca.crt': base64('public') }, stringData: { other: 'x' } });
  expect(redactObject(secret, [])).toMatchObject({ data: { 'ca.crt': REDACTED }, stringData: { other: REDACTED } });
});

test('an environment variable is known by its name, and its value is found everywhere', () => {
  const env = [
    { name: 'MYSQL_PASSWORD', value: 'hunter2000' },
    { name: 'MYSQL_PASSWORD_FILE', value: '/secrets/mysql_password' },
    { name: 'LOG_LEVEL', value: 'debug' },
  ];
  const pod = object('Pod', { spec: { containers: [{ name: 'vote', env }] } });
  expect(knownSecrets([pod])).toContain('hunter2000');
  expect(redactObject(pod, [])).toMatchObject({
    spec: { containers: [{ env: [{ value: REDACTED }, { value: '/secrets/mysql_password' }, { value: 'debug' }] }] },
  });
});

test('nothing that was planted is found in what is handed on', () => {
  const planted = {
    value: 'Wkq9-planted-in-secret',
    lines: 'first planted line\nsecond planted line',
    env: 'planted"in\\env',
    annotation: 'planted-in-annotation',
    header: 'plantedInHeader',
    receipt: 'planted.receipt',
    config: 'planted-in-config',
  };
  const { files, missing } = {
    files: [
      {
        path: 'secret.yaml',
        object: object('Secret', { data: { a: base64(planted.value), b: base64(planted.lines) } }),
      },
      {
        path: 'app.yaml',
        object: object(
          'VotingApp',
          { spec: {} },
          { 'kubectl.kubernetes.io/last-applied-configuration': `{"a":"${planted.annotation}"}` },
        ),
      },
      {
        path: 'pod.yaml',
        object: object('Pod', { spec: { containers: [{ env: [{ name: 'API_TOKEN', value: planted.env }] }] } }),
      },
      { path: 'config.yaml', object: object('ConfigMap', { data: { 'user.password': planted.config } }) },
      {
        path: 'vote.log',
        text: [
          `{"msg":"denied for ${planted.value}"}`,
          `in base64 ${base64(planted.value)}, in a URL ${encodeURIComponent(planted.env)}, in JSON ${JSON.stringify(planted.env)}`,
          'second planted line',
          `authorization: Bearer ${planted.header}`,
          `GET /api/results?receipt=${planted.receipt}`,
        ].join('\n'),
      },
      { path: 'checks.yaml', value: { message: `password=${planted.config}` } },
    ],
    missing: [`log of x: HTTP 500 ${planted.value}`],
  };
  const archive = tarOf(filesOf({ files, missing }, 'report', 'What is in it.'), 0).toString();
  expect(archive).toContain('denied for <redacted>');
  for (const text of ['planted', base64(planted.value), base64(planted.lines), encodeURIComponent(planted.env)]) {
    expect(archive).not.toContain(text);
  }
});

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { resourceSchema } from '@voteapp/contracts/resource/voting-app';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { CHART, helmUnlessMissing, POLL_CHART, render, type Values } from '../chart/helm.ts';
import { Release } from '../chart/release.ts';
import { goToolUnlessMissing } from '../tools/go-tool.ts';
import { text } from './manifests.ts';

const FOLDER = fileURLToPath(new URL('../../manifests/terraform/', import.meta.url));
const sources = readdirSync(FOLDER).filter((file) => file.endsWith('.tf'));
const authority = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** What Terraform puts into the templates. */
const VARIABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  operator: { image_registry: 'registry.example.com/voteapp' },
  poll: {
    domain: 'example.com',
    cluster_issuer: 'letsencrypt',
    database_host: 'private-db.example.com',
    database_port: '25060',
    database_name: 'drinks',
    database_user: 'voteapp',
    database_ca: JSON.stringify(authority),
    database_cidr: '10.20.0.0/16',
  },
};

/** The names that a template is given in main.tf. */
async function given(template: string): Promise<string[]> {
  const main = await text('manifests/terraform/main.tf');
  const [, map = ''] = new RegExp(`/${template}\\.yaml\\.tftpl", \\{\\n([^}]*)\\}`).exec(main) ?? [];
  return [...map.matchAll(/^\s*(\w+)\s*=/gm)].map(([, name = '']) => name);
}

async function values(template: string): Promise<Values> {
  const filled = (await text(`manifests/terraform/${template}.yaml.tftpl`)).replaceAll(
    /\$\{(\w+)\}/g,
    (_, name: string) => VARIABLES[template]![name]!,
  );
  return parse(filled) as Values;
}

const hclfmt = await goToolUnlessMissing('hclfmt');

describe('the Terraform example', () => {
  test.skipIf(hclfmt === null)('has sources that Terraform can read, in its own layout', async () => {
    for (const file of sources)
      await promisify(execFile)(hclfmt!, ['-check', '-require-no-change', `${FOLDER}${file}`]);
    expect(sources).toContain('main.tf');
  });

  test('uses each variable that it declares, and no other', async () => {
    const all = (await Promise.all(sources.map((file) => text(`manifests/terraform/${file}`)))).join('\n');
    const declared = [...all.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name);
    const used = [...all.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(declared));
  });

  test.each(['operator', 'poll'])('gives the values of the %s what they need', async (template) => {
    const filled = await text(`manifests/terraform/${template}.yaml.tftpl`);
    const needed = [...filled.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    expect(new Set(needed)).toEqual(new Set(await given(template)));
    expect(new Set(Object.keys(VARIABLES[template]!))).toEqual(new Set(needed));
  });
});

const helm = await helmUnlessMissing();

describe.skipIf(helm === null)('the releases of the Terraform example', () => {
  test('are an operator of two replicas', async () => {
    const release = new Release(await render(helm!, await values('operator'), 'voteapp', CHART));
    expect(release.the('Deployment').spec).toMatchObject({ replicas: 2 });
    expect(release.container.image).toMatch(/^registry\.example\.com\/voteapp\/voteapp-operator:/);
  });

  test('are a poll on a database outside by TLS, with DNS and certificates', async () => {
    const poll = { ...(await values('poll')) };
    const passwords = { ...(poll['passwords'] as object), MYSQL_PASSWORD: 'secret' };
    const release = new Release(await render(helm!, { ...poll, passwords }, 'voteapp', POLL_CHART));
    expect(release.names('Secret').map((name) => name.replace(/.*\//, ''))).toEqual([
      'Secret database-authority',
      'voteapp-database-login',
    ]);
    expect(release.the('Secret', 'database-authority')).toMatchObject({ stringData: { 'ca.crt': authority } });
    expect(resourceSchema.parse(release.the('VotingApp')).spec).toMatchObject({
      database: {
        type: 'External',
        external: {
          host: 'private-db.example.com',
          port: 25_060,
          secretRef: { name: 'voteapp-database-login' },
          tls: { enabled: true, caSecretRef: { name: 'database-authority' } },
        },
      },
      expose: {
        hosts: { vote: 'vote.example.com', front: 'results.example.com' },
        tls: { enabled: true },
        ingress: { annotations: { 'cert-manager.io/cluster-issuer': 'letsencrypt' } },
      },
    });
  });
});

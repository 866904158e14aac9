import { parseConfig } from '@voteapp/kit/config';
import { operatorEnv } from '@voteapp/operator/config';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { readPage, sectionOf } from '../tools/document.ts';

const page = await readPage('docs/images.md');

test('docs/images.md names the servers’ images that the operator runs, and how the chart takes their digests', async () => {
  const section = sectionOf(page, 'Databases and broker');
  const defaults = parseConfig(operatorEnv, {});
  const { images } = parse(await readPage('charts/voteapp/values.yaml')) as {
    images: Record<string, { digest: string }>;
  };
  for (const [name, image] of Object.entries({
    mysql: defaults.RELATED_IMAGE_MYSQL,
    mariadb: defaults.RELATED_IMAGE_MARIADB,
    rabbitmq: defaults.RELATED_IMAGE_RABBITMQ,
  })) {
    expect(section).toContain(`| \`${image}\` |`);
    expect(section).toContain(image.replace('docker.io/', ' '));
    expect(section).toContain(`\`images.${name}.digest\``);
    expect(images[name]?.digest).toBe('');
  }
});

test('docs/images.md names every argument of the Dockerfile, with its default', async () => {
  const dockerfile = await readPage('Dockerfile');
  const bases = [...dockerfile.matchAll(/^ARG (\w+_BASE)=(?:docker\.io\/library\/)?(\S+)$/gm)];
  expect(bases).toHaveLength(2);
  for (const [, name, value] of bases) expect(page).toContain(`| \`${name}\` | \`${value}\` |`);
  for (const [, name] of dockerfile.matchAll(/^ARG (\w+)/gm)) expect(page).toContain(`\`${name}\``);
});

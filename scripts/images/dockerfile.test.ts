import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PORTS } from '@voteapp/contracts/ports';
import { describe, expect, test } from 'vitest';

import { hadolintUnlessMissing } from '../../test/tools/hadolint.ts';
import { type ProgramName, PROGRAM_NAMES } from '../bundle.ts';

const hadolint = await hadolintUnlessMissing();
const ROOT = join(import.meta.dirname, '../..');

/** The instructions of each stage by its name. */
function stages(): Map<string, string[]> {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', '');
  const found = new Map<string, string[]>();
  for (const stage of text.split(/^(?=FROM )/m).slice(1)) {
    const [from = '', ...instructions] = stage.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    found.set(from.replace(/.* AS /, ''), instructions);
  }
  return found;
}

describe('the Dockerfile', () => {
  test('installs what every workspace names before any source is copied, so that the layer is kept', () => {
    const { workspaces } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { workspaces: string[] };
    const manifests = globSync(
      workspaces.map((workspace) => `${workspace}/package.json`),
      { cwd: ROOT },
    );
    const build = stages().get('sources') ?? [];
    const copied = build
      .slice(
        0,
        build.findIndex((instruction) => instruction.startsWith('RUN')),
      )
      .flatMap((instruction) => /^COPY (\S+\/package\.json) /.exec(instruction)?.[1] ?? []);
    expect(copied.sort()).toEqual(manifests.sort());
  });

  test.for(PROGRAM_NAMES)('has a target for %s, with its bundle and its ports', (name) => {
    const ports: Partial<Record<ProgramName, number[]>> = {
      vote: [PORTS.vote, PORTS.admin],
      worker: [PORTS.worker, PORTS.admin],
      front: [PORTS.front, PORTS.admin],
      operator: [PORTS.admin],
    };
    const exposed = ports[name];
    const instructions = stages()
      .get(name)
      ?.filter((instruction) => !instruction.startsWith('ENV '));
    expect(instructions).toEqual([
      `COPY --from=build /src/dist/${name} /app`,
      ...(exposed === undefined ? [] : [`EXPOSE ${exposed.join(' ')}`]),
    ]);
  });

  test('runs programs without a shell, as a user that a cluster sees to be none', () => {
    const runtime = stages().get('runtime') ?? [];
    expect(runtime).toContain('USER 65532:65532');
    expect(runtime).toContain('ENTRYPOINT ["node", "/app/main.js"]');
  });

  test('labels what it makes with all that the image specification has a name for and a release knows', () => {
    const runtime = stages().get('runtime') ?? [];
    const label = runtime.find((instruction) => instruction.startsWith('LABEL ')) ?? '';
    const names = [...label.matchAll(/org\.opencontainers\.image\.([a-z.]+)=/g)].map(([, name]) => name);
    const wanted = ['title', 'description', 'licenses', 'version', 'revision', 'created', 'source', 'documentation'];
    expect(names).toEqual([...wanted, 'base.name', 'base.digest']);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(runtime).toContain(`ARG VERSION=${version}`);
  });

  test.skipIf(hadolint === null)('is as hadolint wants it, without an exception', async () => {
    const strict = ['--no-color', '--failure-threshold', 'style', '--disable-ignore-pragma'];
    const { stdout } = await promisify(execFile)(hadolint!, [...strict, join(ROOT, 'Dockerfile')]);
    expect(stdout).toBe('');
  });
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./help-loads.ts', import.meta.url));
const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)/;
const WORKSPACE = /\/((?:apps|packages)\/[^/]+|operator|cli)\/src\//;

function namesIn(urls: readonly string[], pattern: RegExp): string[] {
  return [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort();
}

test('no help loads more than the commands themselves: neither a client of Kubernetes nor a service', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT]);
  const { asked, help, loaded } = JSON.parse(stdout) as { asked: number; help: number; loaded: string[] };
  expect(asked).toBeGreaterThan(25);
  expect(help).toBe(asked);
  expect(namesIn(loaded, PACKAGE)).toEqual(['commander']);
  expect(namesIn(loaded, WORKSPACE)).toEqual(['cli', 'packages/contracts', 'packages/kit']);
  expect(loaded.filter((url) => url === 'node:sqlite' || url === 'node:http')).toEqual([]);
});

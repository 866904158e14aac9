import type { TestProject } from 'vitest/node';

import { type Started, startOnce } from '../tools/started-once.ts';
import { productOf, type ServerName, SERVERS } from './catalogue.ts';
import { unlessMissing } from './software.ts';

/** Starts each server when a suite first asks for it (`shared.ts`), once for the run, and ends all with the run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const starter = await startOnce(async (name) => {
    const server = name as ServerName;
    return await unlessMissing<Started>(productOf(server), SERVERS[server]());
  });
  project.provide('sharedServersPort', starter.port);
  return () => starter.stop();
}

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

import { type SqsServer, startSqs } from '../../../../../test/servers/sqs.ts';
import { AppUnderTest } from './app-under-test.ts';
import { Interception } from './interception.ts';

/** Of the test under way: an app of its own on the server of the file, and what can be put in between. */
export interface SqsForTests {
  readonly server: SqsServer;
  readonly underTest: AppUnderTest;
  readonly network: Interception;
}

/** Starts a server for the tests of a file. */
export function sqsForTests(): SqsForTests {
  const now: Partial<{ -readonly [Key in keyof SqsForTests]: SqsForTests[Key] }> = {};

  beforeAll(async () => {
    now.server = await startSqs();
  });
  afterAll(() => now.server?.stop());

  beforeEach(async () => {
    if (now.server === undefined) return;
    now.underTest = new AppUnderTest(now.server);
    now.network = await Interception.start(now.server.endpoint);
  });
  afterEach(async () => {
    now.network?.clear();
    await now.underTest?.close();
    await now.network?.stop();
  });
  return now as SqsForTests;
}

import { afterAll, beforeAll, describe } from 'vitest';

import { type SqsServer, startSqs } from '../../../../test/servers/sqs.ts';
import { describeQueue } from '../contract/queue-contract.ts';
import { AppUnderTest } from './testing/app-under-test.ts';

describe('on a server that speaks as SQS does', () => {
  let server: SqsServer;

  beforeAll(async () => {
    server = await startSqs();
  });
  afterAll(() => server.stop());

  describeQueue(
    'the SQS queue',
    async () => {
      const underTest = new AppUnderTest(server);
      return { open: async () => underTest.open(), remove: () => underTest.close() };
    },
    { ordered: false },
  );
});

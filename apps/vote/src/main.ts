import { voteProcessEnv } from '@voteapp/contracts/env/vote';
import { runProcess } from '@voteapp/kit/process';
import { openQueue } from '@voteapp/queue/open-queue';

import { createVoteService } from './service.ts';

await runProcess('vote', voteProcessEnv, async ({ config, log, registry, fatal }) => {
  const app = { namespace: config.APP_NAMESPACE, name: config.APP_NAME };
  const queue = await openQueue({ config, app, log, onFailure: fatal });
  const service = createVoteService({ config, queue, log, registry });
  log.info(await service.start(), 'Listening');
  return {
    async stop() {
      await service.stop();
      await queue.close();
    },
  };
});

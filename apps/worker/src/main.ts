import { workerProcessEnv } from '@voteapp/contracts/env/worker';
import { runProcess } from '@voteapp/kit/process';
import { openQueue } from '@voteapp/queue/open-queue';
import { openStore } from '@voteapp/store/open-store';

import { createWorkerService } from './service.ts';

await runProcess('worker', workerProcessEnv, async ({ config, log, registry, fatal }) => {
  const app = { namespace: config.APP_NAMESPACE, name: config.APP_NAME };
  const queue = await openQueue({ config, app, log, onFailure: fatal });
  const store = openStore(config);
  const service = createWorkerService({ config, queue, store, log, registry });
  log.info(await service.start(), 'Listening');
  for (const warning of await store.warnings().catch(() => [])) log.warn(warning);
  return {
    async stop() {
      await service.stop();
      await queue.close();
      await store.close();
    },
  };
});

import { frontProcessEnv } from '@voteapp/contracts/env/front';
import { runProcess } from '@voteapp/kit/process';
import { openStore } from '@voteapp/store/open-store';

import { createFrontService } from './service.ts';

await runProcess('front', frontProcessEnv, async ({ config, log, registry }) => {
  const store = openStore(config);
  const service = createFrontService({ config, store, log, registry });
  log.info(await service.start(), 'Listening');
  return {
    async stop() {
      await service.stop();
      await store.close();
    },
  };
});

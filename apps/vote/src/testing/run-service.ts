import type { Definition } from '@voteapp/contracts/definition';
import { type VoteConfig, voteEnv } from '@voteapp/contracts/env/vote';
import { createLogger } from '@voteapp/kit/log';
import { createRegistry } from '@voteapp/kit/metrics';

import { createVoteService, type VoteService, type VoteServiceDeps } from '../service.ts';
import { MemoryQueue } from './memory-queue.ts';
import { definition } from './poll.ts';
import { type StubFront, startStubFront } from './stub-front.ts';

export const SESSION_KEY = Buffer.alloc(32, 's');
export const ROUND_KEY = Buffer.alloc(32, 'r');

export function voteConfig(changes: Partial<VoteConfig> = {}): VoteConfig {
  const config = voteEnv.parse({
    APP_NAME: 'drinks',
    HOST: '127.0.0.1',
    PORT: '0',
    POLL_FILE: '/nonexistent/poll.json',
    FRONT_URL: 'http://127.0.0.1:1',
    SESSION_KEY: SESSION_KEY.toString('base64'),
    ROUND_KEY: ROUND_KEY.toString('base64'),
  });
  return { ...config, ...changes };
}

export interface RunOptions extends Partial<Omit<VoteServiceDeps, 'config'>> {
  readonly definition?: Partial<Definition>;
  readonly config?: Partial<VoteConfig>;
  /** What becomes of messages from the start on. */
  readonly fate?: MemoryQueue['fate'];
  /** Resolve only when it is ready to take votes. Default: true. */
  readonly untilReady?: boolean;
}

export interface RunningService {
  readonly url: string;
  readonly port: number;
  readonly queue: MemoryQueue;
  readonly front: StubFront;
  readonly service: VoteService;
  /** Status and text of /readyz. */
  readonly ready: () => Promise<[number, string]>;
  /** Ends the service and what it talks to, with the queue confirming again. */
  readonly stop: () => Promise<void>;
}

/** A vote service on a free port with a front and a queue of its own. */
export async function runService(options: RunOptions = {}): Promise<RunningService> {
  const { definition: changes, config, fate, untilReady = true, ...deps } = options;
  const queue = new MemoryQueue();
  if (fate !== undefined) queue.fate = fate;
  const front = await startStubFront(deps.now);
  front.definition = definition(changes);
  const service = createVoteService({
    queue,
    pullIntervalMs: 30,
    log: createLogger({ level: 'silent', service: 'vote' }),
    registry: createRegistry('vote', false),
    ...deps,
    config: voteConfig({ FRONT_URL: front.url, ...config }),
  });
  const { port } = await service.start();
  const url = `http://127.0.0.1:${port}`;
  const ready = async (): Promise<[number, string]> => {
    const response = await fetch(`${url}/readyz`);
    return [response.status, (await response.text()).trim()];
  };
  if (untilReady) {
    while ((await ready())[0] !== 200) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    url,
    port,
    queue,
    front,
    service,
    ready,
    async stop() {
      queue.fate = () => 'confirm';
      queue.confirmHeld();
      await service.stop();
      await front.close();
    },
  };
}

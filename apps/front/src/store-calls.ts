import { RequestError } from '@voteapp/contracts/errors';
import type { Logger } from '@voteapp/kit/log';
import type { Counter } from '@voteapp/kit/metrics';
import { StoreUnavailable } from '@voteapp/store/port';

/** Runs a call of the store. Rejects with `store_unavailable` when the store cannot be reached. */
export type CallStore = <T>(call: () => Promise<T>) => Promise<T>;

/** Counts every call that fails; logs the first failure of an outage and its end. */
export function watchedCalls(failures: Counter, log: Logger): CallStore {
  let failing = false;
  return async (call) => {
    try {
      const value = await call();
      if (failing) log.info('Store works again');
      failing = false;
      return value;
    } catch (error) {
      failures.inc();
      if (!failing) log.warn({ err: error }, 'Store failed');
      failing = true;
      throw error instanceof StoreUnavailable ? new RequestError('store_unavailable') : error;
    }
  };
}

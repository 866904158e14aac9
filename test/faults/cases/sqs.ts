import { deployed, type FaultCase } from '../case.ts';
import { killTwice, STOP_DEMANDS, STOP_MS, stopAWhile } from './queue-outage.ts';

/** Votes that wait in the queue while its server is killed. */
const BACKLOG = 2_000;

/** What happens to a server of SQS itself; what happens beside it is declared with the same cases on RabbitMQ. */
export const SQS_CASES: readonly FaultCase[] = [
  deployed({
    id: 'F7',
    fault: `The server of SQS is killed, once with an empty queue and once with ${BACKLOG} votes in it`,
    demands: 'Votes are accepted 5 s after it serves again at the latest',
    system: { queue: 'SQS' },
    inject: killTwice(({ servers }) => servers.sqs, BACKLOG, 5_000),
  }),
  deployed({
    id: 'F8',
    fault: `The server of SQS stops for ${STOP_MS / 1_000} s`,
    demands: STOP_DEMANDS,
    system: { queue: 'SQS' },
    inject: stopAWhile(({ servers }) => servers.sqs),
  }),
];

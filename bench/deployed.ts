import { Deployment, untilReady } from '../test/tools/deployment.ts';
import { startMySql } from '../test/servers/mysql.ts';
import { startRabbitMq } from '../test/servers/rabbitmq.ts';
import { liveLag } from './load/live-lag.ts';
import { load } from './load/run.ts';

/** A figure beside the limit it must keep. */
export interface LimitRow {
  readonly name: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
}

const ALONE_LIMIT_MS = 20;
const LIVE_LIMIT_MS = 300;
const LIVE_VOTES_PER_SECOND = 1_000;

/** The services as processes on RabbitMQ and MySQL: what one voter waits, and when the viewers see a vote. */
export async function measureDeployed(durationMs: number): Promise<LimitRow[]> {
  const [rabbitmq, mysql] = await Promise.all([startRabbitMq(), startMySql('mysql-9.7')]);
  const database = await mysql.createDatabase();
  const poll = { options: [{ id: 'coca' }, { id: 'pepsi' }] };
  const deployment = await Deployment.create({ rabbitmq, mysql, database, poll });
  try {
    const worker = await deployment.start('worker');
    const front = await deployment.start('front');
    const vote = await deployment.start('vote', { FRONT_URL: front.url });
    await Promise.all([worker, front, vote].map(untilReady));

    const target = { port: Number(new URL(vote.url).port), path: '/api/vote', voters: 1_000, option: 'coca' };
    const alone = await load({ ...target, connections: 1, durationMs });
    const live = await liveLag({
      voteUrl: vote.url,
      frontUrl: front.url,
      votesPerSecond: LIVE_VOTES_PER_SECOND,
      durationMs,
    });
    if (live.refused > 0) throw new Error(`${live.refused} votes were refused at ${LIVE_VOTES_PER_SECOND} a second`);
    const onServers = `RabbitMQ ${rabbitmq.version}, MySQL ${mysql.version}`;
    return [
      {
        name: `one vote at a time, p50 (${onServers})`,
        measured: alone.latency.p50,
        limit: ALONE_LIMIT_MS,
        unit: 'ms',
      },
      { name: 'vote → live stream at 1,000 votes/s, p99', measured: live.p99, limit: LIVE_LIMIT_MS, unit: 'ms' },
    ];
  } finally {
    await deployment.stop();
    await Promise.all([rabbitmq.stop(), mysql.stop()]);
  }
}

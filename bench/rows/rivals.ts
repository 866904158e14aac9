import { compare, type Comparison, rateRatio } from '../compare.ts';
import { PLAIN_LOAD } from '../load/load.ts';
import { missingForFlaskRedis, startFlaskRedis } from '../rivals/flask-redis.ts';
import { startGroupCommit } from '../rivals/group-commit.ts';
import { startObvious } from '../rivals/obvious.ts';
import { startBare } from '../targets/bare.ts';
import { startDeployed } from '../targets/deployed.ts';
import { type Limit, MANY_CONNECTIONS, NOTHING, type Row } from './row.ts';

const OURS = 1;
const OBVIOUS = 2;
const GROUP_COMMIT = 3;
const FLASK_REDIS = 4;

function rateLimit(found: Comparison, name: string, rival: number, times: number): Limit {
  const { lower } = rateRatio(found, OURS, rival);
  return { name: `votes/s, of ${name}`, measured: lower, keeps: 'at least', limit: times, unit: '×' };
}

/** What its users could build or take instead, all in the same rounds. */
export const RIVALS: readonly Row[] = [
  {
    name: 'rivals',
    title: `beside what could be built instead, ${PLAIN_LOAD.connections} connections`,
    runs: 'whole',
    async measure(shape) {
      const missing = await missingForFlaskRedis();
      const starts = [startBare, () => startDeployed(), startObvious, startGroupCommit];
      const found = await compare(missing === null ? [...starts, startFlaskRedis] : starts, shape);
      return {
        ...NOTHING,
        ...found,
        limits: missing === null ? [rateLimit(found, 'Flask and Redis', FLASK_REDIS, 7)] : [],
        facts: {
          'votes/s, × of the obvious design': rateRatio(found, OURS, OBVIOUS).median,
          'votes/s, × of group commit into the database': rateRatio(found, OURS, GROUP_COMMIT).median,
        },
        skips: missing === null ? [] : [`Flask and Redis: ${missing}`],
      };
    },
  },
  {
    name: 'rivals-in-prime-time',
    title: `beside group commit into the database, ${MANY_CONNECTIONS} connections`,
    runs: 'whole',
    async measure(shape) {
      const load = { connections: MANY_CONNECTIONS };
      const found = await compare([startBare, () => startDeployed(), startGroupCommit], shape, load);
      return { ...NOTHING, ...found, limits: [rateLimit(found, 'group commit into the database', 2, 1.1)] };
    },
  },
];

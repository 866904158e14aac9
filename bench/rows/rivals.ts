import { compare, rateRatio } from '../compare.ts';
import { missingForFlaskRedis, startFlaskRedis } from '../rivals/flask-redis.ts';
import { startGroupCommit } from '../rivals/group-commit.ts';
import { startObvious } from '../rivals/obvious.ts';
import { startBare } from '../targets/bare.ts';
import { startDeployed } from '../targets/deployed.ts';
import { type Limit, NOTHING, type Row } from './row.ts';

const OURS = 1;
const OBVIOUS = 2;
const GROUP_COMMIT = 3;
const FLASK_REDIS = 4;

/** What its users could build or take instead, all in the same rounds. */
export const RIVALS: Row = {
  name: 'rivals',
  title: 'beside what could be built instead',
  runs: 'whole',
  async measure(shape) {
    const missing = await missingForFlaskRedis();
    const starts = [startBare, () => startDeployed(), startObvious, startGroupCommit];
    const found = await compare(missing === null ? [...starts, startFlaskRedis] : starts, shape);
    const limit = (name: string, rival: number, times: number): Limit => {
      return { name, measured: rateRatio(found, OURS, rival).lower, keeps: 'at least', limit: times, unit: '×' };
    };
    return {
      ...NOTHING,
      ...found,
      limits: [
        limit('votes/s, of group commit into the database', GROUP_COMMIT, 1.1),
        ...(missing !== null ? [] : [limit('votes/s, of Flask and Redis', FLASK_REDIS, 7)]),
      ],
      facts: { 'votes/s, × of the obvious design': rateRatio(found, OURS, OBVIOUS).median },
      skips: missing === null ? [] : [`Flask and Redis: ${missing}`],
    };
  },
};

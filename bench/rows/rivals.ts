import { compare, type Comparison, rateRatio } from '../compare.ts';
import { PLAIN_LOAD } from '../load/load.ts';
import { missingForFlaskRedis, startFlaskRedis } from '../rivals/flask-redis.ts';
import { startGroupCommit } from '../rivals/group-commit.ts';
import { startObvious } from '../rivals/obvious.ts';
import type { Estimate } from '../statistics.ts';
import { startBare } from '../targets/bare.ts';
import { startDeployed } from '../targets/deployed.ts';
import { type Limit, MANY_CONNECTIONS, NOTHING, type Row, type RunShape } from './row.ts';

const OURS = 1;
const OBVIOUS = 2;
const FLASK_REDIS = 3;

/** Bare, ours, and group commit into the database. */
async function besideGroupCommit(shape: RunShape, connections: number): Promise<[Comparison, Estimate]> {
  const starts = [startBare, () => startDeployed(), () => startGroupCommit(connections)];
  const found = await compare(starts, shape, { connections });
  return [found, rateRatio(found, OURS, 2)];
}

/** What its users could build or take instead, in the same rounds. */
export const RIVALS: readonly Row[] = [
  {
    name: 'rivals',
    title: `beside what could be built instead, ${PLAIN_LOAD.connections} connections`,
    runs: 'whole',
    async measure(shape) {
      const missing = await missingForFlaskRedis();
      const starts = [startBare, () => startDeployed(), startObvious];
      const found = await compare(missing === null ? [...starts, startFlaskRedis] : starts, shape);
      const flask: Limit = {
        name: 'votes/s, of Flask and Redis',
        measured: rateRatio(found, OURS, FLASK_REDIS).lower,
        keeps: 'at least',
        limit: 7,
        unit: '×',
      };
      return {
        ...NOTHING,
        ...found,
        limits: missing === null ? [flask] : [],
        facts: { 'votes/s, × of the obvious design': rateRatio(found, OURS, OBVIOUS).median },
        skips: missing === null ? [] : [`Flask and Redis: ${missing}`],
      };
    },
  },
  {
    name: 'rivals-group-commit',
    title: `beside group commit into the database, ${PLAIN_LOAD.connections} connections`,
    runs: 'whole',
    timesTheRounds: 3,
    async measure(shape) {
      const [found, { lower }] = await besideGroupCommit(shape, PLAIN_LOAD.connections);
      const limit: Limit = {
        name: 'votes/s, of group commit into the database',
        measured: lower,
        keeps: 'at least',
        limit: 1.1,
        unit: '×',
      };
      return { ...NOTHING, ...found, limits: [limit] };
    },
  },
  {
    name: 'rivals-in-prime-time',
    title: `beside group commit into the database, ${MANY_CONNECTIONS} connections`,
    runs: 'whole',
    async measure(shape) {
      const [found, { median, lower }] = await besideGroupCommit(shape, MANY_CONNECTIONS);
      const of = 'votes/s, × of group commit into the database';
      return { ...NOTHING, ...found, facts: { [of]: median, [`${of}, by the bound`]: lower } };
    },
  },
];

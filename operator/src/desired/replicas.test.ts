import type { Part } from '@voteapp/contracts/cluster-objects';
import { expect, test } from 'vitest';

import { createContext } from './context.ts';
import type { Facts } from './facts.ts';
import { facts, votingApp } from './fixtures/voting-app.ts';
import { type Replicas, replicasOf } from './replicas.ts';

const opensAt = '2026-12-20T22:30:00Z';
const primeTime = { vote: { replicas: 20 }, front: { replicas: 10 } };
const HPA = { mode: 'HPA', maxReplicas: 30 };
const everything = {
  poll: { opensAt },
  primeTime,
  vote: { autoscaling: { ...HPA, minReplicas: 5 } },
  front: { replicas: 4 },
  worker: { replicas: 3 },
  queue: { type: 'RabbitMQ', rabbitmq: { replicas: 3 } },
};

const DEFAULTS = { vote: 2, worker: 1, front: 2, mysql: 1, rabbitmq: 1 };

interface Case {
  readonly sections?: object;
  readonly known?: Partial<Facts>;
  readonly expected: Readonly<Record<Part, number | Replicas>>;
}

test.each<[string, Case]>(
  Object.entries({
    'two pods answer voters and two viewers, and one of each counts and keeps': { expected: DEFAULTS },
    'every number can be said': {
      sections: everything,
      expected: { vote: { min: 5, max: 30 }, worker: 3, front: 4, mysql: 1, rabbitmq: 3 },
    },
    'an autoscaler that was given no lower bound keeps the usual number': {
      sections: { front: { autoscaling: HPA } },
      expected: { ...DEFAULTS, front: { min: 2, max: 30 } },
    },
    'prime time has more of vote and front, and the upper bound stays': {
      sections: everything,
      known: { isPrimeTime: true },
      expected: { vote: { min: 20, max: 30 }, worker: 3, front: 10, mysql: 1, rabbitmq: 3 },
    },
    'prime time changes nothing where none is asked for': { known: { isPrimeTime: true }, expected: DEFAULTS },
    'prime time of one service leaves the other': {
      sections: { poll: { opensAt }, primeTime: { front: { replicas: 10 } } },
      known: { isPrimeTime: true },
      expected: { ...DEFAULTS, front: 10 },
    },
    'in hibernation there are no pods, whatever else is asked for': {
      sections: everything,
      known: { isPrimeTime: true, isHibernated: true },
      expected: { vote: 0, worker: 0, front: 0, mysql: 0, rabbitmq: 0 },
    },
  }),
)('%s', (_, { sections, known, expected }) => {
  const context = createContext(votingApp(sections), facts(known));
  const actual = Object.fromEntries((Object.keys(expected) as Part[]).map((part) => [part, replicasOf(context, part)]));
  const inFull = Object.entries(expected).map(([part, count]) => [
    part,
    typeof count === 'number' ? { min: count, max: undefined } : count,
  ]);
  expect(actual).toEqual(Object.fromEntries(inFull));
});

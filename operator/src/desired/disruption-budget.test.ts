import { expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

const everyBudget = ['shop-vote-server', 'shop-worker-server', 'shop-front-server', 'shop-rabbitmq'];
const HPA = { mode: 'HPA', minReplicas: 1, maxReplicas: 9 };

test.each<[string, object, readonly string[]]>([
  ['a node with a single pod can always be drained', { vote: { replicas: 1 }, front: { replicas: 1 } }, []],
  ['voters and viewers keep a pod while a node is drained', {}, ['shop-vote-server', 'shop-front-server']],
  [
    'three nodes of a broker keep their majority',
    { worker: { replicas: 2 }, queue: { type: 'RabbitMQ', rabbitmq: { replicas: 3 } } },
    everyBudget,
  ],
  [
    'an autoscaler that may go down to one pod is taken at its word',
    { vote: { autoscaling: HPA } },
    ['shop-front-server'],
  ],
])('%s', (_, sections, expected) => {
  expect(objectsOf(sections).namesOf('PodDisruptionBudget')).toEqual(expected);
});

test('without pods there is nothing to protect', () => {
  expect(objectsOf({}, { isHibernated: true }).namesOf('PodDisruptionBudget')).toEqual([]);
});

test('one pod at a time may go, among exactly the pods of the part', () => {
  const objects = objectsOf();
  const { spec } = objects.get('PodDisruptionBudget', 'shop-vote-server');
  const deployment = objects.get('Deployment', 'shop-vote-server');
  expect(spec).toEqual({ maxUnavailable: 1, selector: deployment.spec?.selector });
});

import { type BadResource, OPTIONS, badEdit, external, externalRabbitmq, managed, rabbitmq, sqs } from './case.ts';

const ROUND = 'within a round; set a new spec.poll.id to start a new count';
const STAYS = 'must stay as it is; create another VotingApp instead';
const NO_SHRINKING = 'must not shrink, for a volume never does';

export const BAD_EDITS: Readonly<Record<string, BadResource>> = {
  'an option removed': badEdit(
    { poll: { options: [...OPTIONS, { id: 'guarana' }] } },
    {},
    'spec.poll.options',
    `must keep every option in its place ${ROUND}`,
  ),
  'options in another order': badEdit(
    {},
    { poll: { options: OPTIONS.toReversed() } },
    'spec.poll.options',
    `must keep every option in its place ${ROUND}`,
  ),
  'an option put first': badEdit(
    {},
    { poll: { options: [{ id: 'guarana' }, ...OPTIONS] } },
    'spec.poll.options',
    `must keep every option in its place ${ROUND}`,
  ),
  'another policy': badEdit({}, { poll: { policy: 'Unlimited' } }, 'spec.poll.policy', `must stay as it is ${ROUND}`),
  'the policy removed': badEdit(
    { poll: { policy: 'Unlimited' } },
    {},
    'spec.poll.policy',
    `must stay as it is ${ROUND}`,
  ),
  'more shards': badEdit({}, { poll: { shards: 2 } }, 'spec.poll.shards', `must stay as it is ${ROUND}`),
  'another policy while the default round is written out': badEdit(
    {},
    { poll: { id: 'shop', policy: 'Unlimited' } },
    'spec.poll.policy',
    `must stay as it is ${ROUND}`,
  ),
  'the database moved out': badEdit({}, { database: { type: 'External', external } }, 'spec.database.type', STAYS),
  'the external database removed': badEdit(
    { database: { type: 'External', external } },
    {},
    'spec.database.type',
    STAYS,
  ),
  'another engine': badEdit({}, managed({ engine: 'MariaDB' }), 'spec.database.managed.engine', STAYS),
  'the engine removed': badEdit(managed({ engine: 'MariaDB' }), {}, 'spec.database.managed.engine', STAYS),
  'a storage class for the database, later': badEdit(
    {},
    managed({ storage: { storageClassName: 'fast' } }),
    'spec.database.managed.storage.storageClassName',
    STAYS,
  ),
  'a smaller volume of the database': badEdit(
    managed({ storage: { size: '1Ti' } }),
    managed({ storage: { size: '1023Gi' } }),
    'spec.database.managed.storage.size',
    NO_SHRINKING,
  ),
  'a volume of the database back to the default': badEdit(
    managed({ storage: { size: '20Gi' } }),
    {},
    'spec.database.managed.storage.size',
    NO_SHRINKING,
  ),
  'another queue': badEdit({}, { queue: { type: 'ExternalRabbitMQ', externalRabbitmq } }, 'spec.queue.type', STAYS),
  'SQS in the place of RabbitMQ': badEdit({}, { queue: { type: 'SQS', sqs } }, 'spec.queue.type', STAYS),
  'fewer nodes of RabbitMQ': badEdit(
    rabbitmq({ replicas: 3 }),
    rabbitmq({ replicas: 1 }),
    'spec.queue.rabbitmq.replicas',
    'must not shrink, for a node takes votes with it',
  ),
  'another storage class for RabbitMQ': badEdit(
    rabbitmq({ storage: { storageClassName: 'fast' } }),
    rabbitmq({ storage: { storageClassName: 'slow' } }),
    'spec.queue.rabbitmq.storage.storageClassName',
    STAYS,
  ),
  'a smaller volume of RabbitMQ': badEdit(
    {},
    rabbitmq({ storage: { size: '5Gi' } }),
    'spec.queue.rabbitmq.storage.size',
    NO_SHRINKING,
  ),
};

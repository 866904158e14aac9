import type { Problem } from '../definition.ts';
import { isAtMost } from './quantity.ts';
import { type CelRule, celRule } from './rule.ts';
import { DEFAULT_STORAGE_SIZE } from './storage.ts';
import type { VotingApp } from './voting-app.ts';

/** What an edit must leave as it is. */
interface Transition {
  /** The field to blame, as a path below the resource. */
  readonly at: string;
  /** `self` and `oldSelf` are whole resources: a rule on a field sees neither its removal nor its return. */
  readonly cel: string;
  readonly message: string;
  readonly holds: (before: VotingApp, after: VotingApp) => boolean;
}

// Not `self.?a.?b.orValue(c)`, which means the same: of what an optional holds the API server knows no bound, and so it
// refuses whatever compares two of them as too costly.
function valueOr(path: string, fallback: string): string {
  const [root = '', ...fields] = path.split('.');
  const steps = fields.map((_, index) => `has(${[root, ...fields.slice(0, index + 1)].join('.')})`);
  return `(${steps.join(' && ')} ? ${path} : ${fallback})`;
}

function roundOf({ metadata, spec }: VotingApp): string {
  return spec.poll.id ?? metadata.name;
}

const OTHER_ROUND = `${valueOr('oldSelf.spec.poll.id', 'oldSelf.metadata.name')} != ${valueOr('self.spec.poll.id', 'self.metadata.name')}`;
const NEW_ROUND = 'within a round; set a new spec.poll.id to start a new count';

function stays(at: string, fallback: string, of: (resource: VotingApp) => string | undefined): Transition {
  return {
    at,
    cel: `${valueOr(`self.${at}`, `'${fallback}'`)} == ${valueOr(`oldSelf.${at}`, `'${fallback}'`)}`,
    message: 'must stay as it is; create another VotingApp instead',
    holds: (before, after) => (of(before) ?? fallback) === (of(after) ?? fallback),
  };
}

// The cluster's own class, as it was when the volumes were made.
const NO_CLASS = '';

function ids({ spec }: VotingApp): readonly string[] {
  return spec.poll.options.map(({ id }) => id);
}

function doesNotShrink(at: string, sizeOf: (resource: VotingApp) => string | undefined): Transition {
  const size = (root: string): string => `quantity(${valueOr(`${root}.${at}`, `'${DEFAULT_STORAGE_SIZE}'`)})`;
  return {
    at,
    cel: `${size('self')}.compareTo(${size('oldSelf')}) >= 0`,
    message: 'must not shrink, for a volume never does',
    holds: (before, after) => isAtMost(sizeOf(before) ?? DEFAULT_STORAGE_SIZE, sizeOf(after) ?? DEFAULT_STORAGE_SIZE),
  };
}

const TRANSITIONS: readonly Transition[] = [
  ...(['policy', 'shards'] as const).map((field) => ({
    at: `spec.poll.${field}`,
    cel: `${OTHER_ROUND} || self.spec.poll.${field} == oldSelf.spec.poll.${field}`,
    message: `must stay as it is ${NEW_ROUND}`,
    holds: (before: VotingApp, after: VotingApp) =>
      roundOf(before) !== roundOf(after) || before.spec.poll[field] === after.spec.poll[field],
  })),
  {
    at: 'spec.poll.options',
    cel: `${OTHER_ROUND} || oldSelf.spec.poll.options.all(i, o, i < self.spec.poll.options.size() && self.spec.poll.options[i].id == o.id)`,
    message: `must keep every option in its place ${NEW_ROUND}`,
    holds: (before, after) =>
      roundOf(before) !== roundOf(after) || ids(before).every((id, index) => id === ids(after)[index]),
  },
  stays('spec.database.type', 'Managed', ({ spec }) => spec.database?.type),
  stays('spec.database.managed.engine', 'MySQL', ({ spec }) => spec.database?.managed?.engine),
  stays(
    'spec.database.managed.storage.storageClassName',
    NO_CLASS,
    ({ spec }) => spec.database?.managed?.storage?.storageClassName,
  ),
  doesNotShrink('spec.database.managed.storage.size', ({ spec }) => spec.database?.managed?.storage?.size),
  stays('spec.queue.type', 'RabbitMQ', ({ spec }) => spec.queue?.type),
  {
    at: 'spec.queue.rabbitmq.replicas',
    cel: `${valueOr('self.spec.queue.rabbitmq.replicas', '1')} >= ${valueOr('oldSelf.spec.queue.rabbitmq.replicas', '1')}`,
    message: 'must not shrink, for a node takes votes with it',
    holds: (before, after) =>
      (after.spec.queue?.rabbitmq?.replicas ?? 1) >= (before.spec.queue?.rabbitmq?.replicas ?? 1),
  },
  stays(
    'spec.queue.rabbitmq.storage.storageClassName',
    NO_CLASS,
    ({ spec }) => spec.queue?.rabbitmq?.storage?.storageClassName,
  ),
  doesNotShrink('spec.queue.rabbitmq.storage.size', ({ spec }) => spec.queue?.rabbitmq?.storage?.size),
];

/** The rules that an API server judges an edit by, on the resource as a whole. */
export const TRANSITION_RULES: readonly CelRule[] = TRANSITIONS.map(celRule);

/** What forbids an edit; empty when it may be made. */
export function editProblems(before: VotingApp, after: VotingApp): Problem[] {
  return TRANSITIONS.filter(({ holds }) => !holds(before, after)).map(({ at, message }) => ({ path: at, message }));
}

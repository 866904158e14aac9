import { problemsOf } from '@voteapp/contracts/problems';
import { resourceSchema, type VotingAppInput } from '@voteapp/contracts/resource/voting-app';
import { API_VERSION, KIND } from '@voteapp/contracts/voting-app';

import { UsageError } from '../exit-codes.ts';
import { isLocalTime, momentOf, timeZoneOf } from './moment.ts';

/** What the command line may say of a new VotingApp. */
export interface Wishes {
  /** Each `id` or `id=Label`. */
  readonly option?: readonly string[];
  readonly namespace?: string;
  readonly round?: string;
  readonly title?: string;
  readonly policy?: string;
  readonly visibility?: string;
  readonly opensAt?: string;
  readonly closesAt?: string;
  readonly timeZone?: string;
  readonly host?: string;
  readonly resultsHost?: string;
  readonly ingressClass?: string;
  /** As `name`, with `namespace/` before it and `:listener` after it where they are needed. */
  readonly gateway?: string;
  readonly tls?: boolean;
  readonly replicas?: number;
  readonly storage?: string;
  readonly storageClass?: string;
  readonly version?: string;
}

/** Which option of the command line a field comes from. */
const OPTIONS: Readonly<Record<string, string>> = {
  'metadata.name': 'NAME',
  'spec.poll.id': '--round',
  'spec.poll.title': '--title',
  'spec.poll.options': '--option',
  'spec.poll.policy': '--policy',
  'spec.poll.opensAt': '--opens-at',
  'spec.poll.closesAt': '--closes-at',
  'spec.poll.timeZone': '--time-zone',
  'spec.poll.results.visibility': '--visibility',
  'spec.expose.hosts': '--host and --results-host',
  'spec.expose.hosts.vote': '--host',
  'spec.expose.hosts.front': '--results-host',
  'spec.expose.ingress.className': '--ingress-class',
  'spec.expose.gateway.parentRefs[0].name': '--gateway: its name',
  'spec.expose.gateway.parentRefs[0].namespace': '--gateway: its namespace',
  'spec.expose.gateway.parentRefs[0].sectionName': '--gateway: its listener',
  'spec.vote.replicas': '--replicas',
  'spec.database.managed.storage.size': '--storage',
  'spec.database.managed.storage.storageClassName': '--storage-class',
  'spec.version': '--version',
};

/** What a person typed that became the field. */
function typed(path: string, wishes: Wishes): string {
  const [, index, field] = /^spec\.poll\.options\[(\d+)\](?:\.(\w+))?/.exec(path) ?? [];
  if (index === undefined) return OPTIONS[path] ?? path;
  return `--option ${wishes.option?.[Number(index)] ?? ''}: its ${field ?? 'id'}`;
}

/** A clause about fields, with those of them that have an option named so. */
function inOptions(message: string): string {
  return message.replaceAll(/\b(opensAt|closesAt)\b/g, (field) => OPTIONS[`spec.poll.${field}`] ?? field);
}

function optionOf(text: string): { id: string; label?: string } {
  const equals = text.indexOf('=');
  return equals === -1 ? { id: text } : { id: text.slice(0, equals), label: text.slice(equals + 1) };
}

function parentRefOf(gateway: string): object {
  const [, namespace, name = gateway, sectionName] = /^(?:([^/:]*)\/)?([^/:]*)(?::([^/:]*))?$/.exec(gateway) ?? [];
  return { name, ...(namespace !== undefined && { namespace }), ...(sectionName !== undefined && { sectionName }) };
}

function exposeOf({ host, resultsHost, ingressClass, gateway, tls }: Wishes): object | undefined {
  if (host === undefined && resultsHost === undefined) {
    const [given] = Object.entries({ '--tls': tls, '--ingress-class': ingressClass, '--gateway': gateway }).find(
      ([, value]) => value !== undefined,
    ) ?? [undefined];
    if (given === undefined) return undefined;
    throw new UsageError(`${given} needs --host and --results-host, the hosts that are led to.`);
  }
  if (host === undefined) throw new UsageError('--results-host needs --host too, the host of the vote page.');
  if (resultsHost === undefined) throw new UsageError('--host needs --results-host too, the host of the results.');
  return {
    type: gateway === undefined ? 'Ingress' : 'Gateway',
    hosts: { vote: host, front: resultsHost },
    ...(tls === true && { tls: { enabled: true } }),
    ...(ingressClass !== undefined && { ingress: { className: ingressClass } }),
    ...(gateway !== undefined && { gateway: { parentRefs: [parentRefOf(gateway)] } }),
  };
}

/** The volumes, of the database and of the queue alike. */
function volumesOf({ storage: size, storageClass: storageClassName }: Wishes): object {
  if (size === undefined && storageClassName === undefined) return {};
  const storage = { ...(size !== undefined && { size }), ...(storageClassName !== undefined && { storageClassName }) };
  return { database: { type: 'Managed', managed: { storage } }, queue: { type: 'RabbitMQ', rabbitmq: { storage } } };
}

function pollOf(wishes: Wishes): object {
  const { round, title, option = [], policy, visibility, opensAt, closesAt } = wishes;
  const timeZone = wishes.timeZone === undefined ? undefined : timeZoneOf(wishes.timeZone);
  const moment = (name: string, text: string): string => momentOf(name, text, timeZone ?? 'UTC');
  return {
    ...(round !== undefined && { id: round }),
    ...(title !== undefined && { title }),
    options: option.map(optionOf),
    ...(policy !== undefined && { policy }),
    ...(opensAt !== undefined && { opensAt: moment('--opens-at', opensAt) }),
    ...(closesAt !== undefined && { closesAt: moment('--closes-at', closesAt) }),
    ...(timeZone !== undefined && { timeZone }),
    ...(visibility !== undefined && { results: { visibility } }),
  };
}

/**
 * The VotingApp that a command line asks for, with nothing in it that was not asked for. Throws {@link UsageError} with a
 * sentence per problem, each by the option that it is of.
 */
export function requestedApp(name: string, wishes: Wishes): VotingAppInput {
  const expose = exposeOf(wishes);
  const app = {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, ...(wishes.namespace !== undefined && { namespace: wishes.namespace }) },
    spec: {
      ...(wishes.version !== undefined && { version: wishes.version }),
      poll: pollOf(wishes),
      ...(wishes.replicas !== undefined && { vote: { replicas: wishes.replicas } }),
      ...volumesOf(wishes),
      ...(expose !== undefined && { expose }),
    },
  };
  const parsed = resourceSchema.safeParse(app);
  if (parsed.success) return app as VotingAppInput;
  const sentences = problemsOf(parsed.error)
    // Both volumes are of one option.
    .filter(({ path }) => !path.startsWith('spec.queue.'))
    .map(({ path, message }) => `${typed(path, wishes)} ${inOptions(message)}.`);
  throw new UsageError(sentences.join('\n'));
}

/** What a person should know of the times that are asked for: how they were taken, and which are over. */
export function remarksOn(wishes: Wishes, { spec: { poll } }: VotingAppInput, now: number): string[] {
  const zone = wishes.timeZone ?? 'UTC (--time-zone names another)';
  const remarks = (['opensAt', 'closesAt'] as const).flatMap((field) => {
    const [text, moment] = [wishes[field], poll[field]];
    if (text === undefined || moment === undefined || !isLocalTime(text)) return [];
    return [`${OPTIONS[`spec.poll.${field}`]} is ${moment}, by the clocks of ${zone}.`];
  });
  const isOver = poll.closesAt !== undefined && Date.parse(poll.closesAt) <= now;
  return isOver ? [...remarks, '--closes-at is in the past: the poll will take no votes.'] : remarks;
}

export interface VotingAppObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface GoodResource {
  /** What is there already; absent: nothing. */
  readonly before?: VotingAppObject;
  readonly resource: VotingAppObject;
}

export interface BadResource extends GoodResource {
  /** The field to blame. */
  readonly path: string;
  /** What is wrong with it, in our words. */
  readonly message: string;
  /** What the API server says, where a keyword of its own refuses. Absent: our words. */
  readonly server?: string;
}

export const OPTIONS = [{ id: 'coca' }, { id: 'pepsi' }];

export interface Sections {
  readonly poll?: object;
  readonly [section: string]: unknown;
}

/** A VotingApp of two options and whatever else is given. */
export function app({ poll, ...sections }: Sections = {}, name = 'shop'): VotingAppObject {
  return {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name },
    spec: { poll: { options: OPTIONS, ...poll }, ...sections },
  };
}

/** A bad resource, told by one poll or one section. */
export function bad(sections: Sections, path: string, message: string, server?: string): BadResource {
  return { resource: app(sections), path, message, ...(server === undefined ? {} : { server }) };
}

export function badPoll(poll: object, path: string, message: string, server?: string): BadResource {
  return bad({ poll }, `spec.poll.${path}`, message, server);
}

export function edit(before: Sections, after: Sections): Required<GoodResource> {
  return { before: app(before), resource: app(after) };
}

export function badEdit(before: Sections, after: Sections, path: string, message: string): BadResource {
  return { ...edit(before, after), path, message };
}

// The API server's words for what a keyword refuses.
export const REQUIRED = 'Required value';
export const WRONG_TYPE = 'must be of type';
export const UNSUPPORTED = 'Unsupported value';
export const NO_MATCH = 'should match';
export const TOO_LONG = 'Too long';
export const TOO_MANY = 'Too many';
export const DUPLICATE = 'Duplicate value';
export const UNKNOWN = 'unknown field';

export const external = { host: 'db.example.com', secretRef: { name: 'db-login' } };
export const externalRabbitmq = { host: 'mq.example.com', secretRef: { name: 'mq-login' } };
export const sqs = { region: 'eu-west-1' };
export const hosts = { vote: 'vote.example.com', front: 'results.example.com' };
export const gateway = { parentRefs: [{ name: 'public' }] };
export const opensAt = '2026-12-20T21:00:00Z';

export function managed(fields: object): Sections {
  return { database: { type: 'Managed', managed: fields } };
}

export function rabbitmq(fields: object): Sections {
  return { queue: { type: 'RabbitMQ', rabbitmq: fields } };
}

export function tolerating(toleration: object): Sections {
  return { vote: { scheduling: { tolerations: [toleration] } } };
}

export function letting(peer: object): Sections {
  return { networkPolicy: { enabled: true, ingressFrom: [peer] } };
}

export const manyLabels = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, 'x']));
export const manyAnnotations = Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`a${n}`, 'x']));

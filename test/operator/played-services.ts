import { SERVICES, type ServiceName } from '@voteapp/contracts/cluster-objects';
import type { PollState } from '@voteapp/contracts/definition';
import { DEFINITION_PATH } from '@voteapp/contracts/http/poll';
import type { HiddenResults, Results, Totals } from '@voteapp/contracts/http/results';

import type { KubeObject } from '../cluster/client.ts';

/** What the services of a VotingApp are to say; what a test leaves out stays as it was. */
export interface Part {
  /** Nobody answers at their addresses. */
  readonly silent: readonly ServiceName[];
  /** Whether vote reaches its queue: its health route says 200 or 503. */
  readonly queue: boolean;
  /** Whether the worker reaches its database: 200 or 503. */
  readonly database: boolean;
  readonly state: PollState;
  /** Votes per option; none for those that are not named. */
  readonly votes: Readonly<Record<string, number>>;
  /** Whether the numbers per option are refused with 403. */
  readonly hidden: boolean;
  readonly pending: number | null;
  readonly final: boolean;
  /** Revision of the definition that they judge by; null: the newest. */
  readonly revision: number | null;
}

const AT_FIRST: Part = {
  silent: [],
  queue: true,
  database: true,
  state: 'Open',
  votes: {},
  hidden: false,
  pending: 0,
  final: false,
  revision: null,
};

interface Asked {
  readonly service: ServiceName;
  readonly app: string;
  readonly path: string;
}

interface Poll {
  readonly id?: string;
  readonly title?: string;
  readonly options: readonly { readonly id: string; readonly label?: string }[];
}

const ADDRESS = new RegExp(String.raw`^(.+)-(${SERVICES.join('|')})-service\.[^.]+$`);

/** As http://shop-vote-service.namespace/api/poll. */
function asked(url: string): Asked {
  const { hostname, pathname } = new URL(url);
  const [, app, service] = ADDRESS.exec(hostname) ?? [];
  if (app === undefined || service === undefined) throw new Error(`No service has the address ${hostname}`);
  return { app, service: service as ServiceName, path: pathname };
}

function health(name: string, isUp: boolean): Response {
  return Response.json({ [name]: isUp ? 'OK' : 'NOK' }, { status: isUp ? 200 : 503 });
}

function totalsOf({ votes, state, pending, final }: Part, { id = 'poll', title = '' }: Poll): Totals {
  const counted = Object.values(votes).reduce((sum, count) => sum + count, 0);
  const asOf = new Date().toISOString();
  return {
    round: id,
    title,
    state,
    asOf,
    accepted: counted + (pending ?? 0),
    duplicates: 0,
    rejected: 0,
    late: 0,
    cast: counted,
    counted,
    replaced: 0,
    pending,
    final: final ? { version: 1, at: asOf } : null,
  };
}

function resultsOf(part: Part, poll: Poll): Response {
  const totals = totalsOf(part, poll);
  if (part.hidden) {
    const body: HiddenResults = { error: { code: 'results_hidden', message: 'The results are hidden.' }, totals };
    return Response.json(body, { status: 403 });
  }
  const options = poll.options.map(({ id, label = id }) => {
    const votes = part.votes[id] ?? 0;
    return { id, label, votes, share: totals.counted === 0 ? 0 : votes / totals.counted, cast: votes };
  });
  return Response.json({ ...totals, options, hours: [] } satisfies Results);
}

/** Says by HTTP what the services of VotingApps would say, as a test wants it; at first that all is well and open. */
export class PlayedServices {
  readonly #find: (app: string) => Promise<KubeObject | null>;
  readonly #parts = new Map<string, Part>();

  /** `find` looks a VotingApp up by its name. */
  constructor(find: (app: string) => Promise<KubeObject | null>) {
    this.#find = find;
  }

  /** Has the services of a VotingApp say something else from now on. An operator asks again within 10 s. */
  say(app: string, part: Partial<Part>): void {
    this.#parts.set(app, { ...(this.#parts.get(app) ?? AT_FIRST), ...part });
  }

  /** How an operator asks them. */
  readonly fetch = async (url: string): Promise<Response> => {
    const { app, service, path } = asked(url);
    const part = this.#parts.get(app) ?? AT_FIRST;
    const resource = part.silent.includes(service) ? null : await this.#find(app);
    if (resource === null) throw new TypeError('fetch failed');
    const poll = resource.spec?.['poll'] as Poll;
    const revision = part.revision ?? resource.metadata.generation;
    switch (`${service} ${path}`) {
      case 'vote /api/healthcheck':
        return health('queue', part.queue);
      case 'worker /api/healthcheckmysql':
        return health('mysql', part.database);
      case `front ${DEFINITION_PATH}`:
        return Response.json({ revision });
      case 'front /api/poll':
        return Response.json({
          round: poll.id ?? app,
          title: poll.title ?? '',
          policy: 'Unlimited',
          options: poll.options.map(({ id, label = id }) => ({ id, label })),
          opensAt: null,
          closesAt: null,
          timeZone: 'UTC',
          voters: ['Cookie'],
          visibility: 'Always',
          comments: false,
          version: revision,
          state: part.state,
        });
      case 'front /api/results':
        return resultsOf(part, poll);
      default:
        return Response.json({ error: { code: 'not_found', message: 'There is no such route.' } }, { status: 404 });
    }
  };
}

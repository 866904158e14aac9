import type { Socket } from 'node:net';

import type { Lane } from '@voteapp/kit/server';

import { Casting, type CastingDeps } from '../casting/casting.ts';
import { routeOf } from '../casting/routes.ts';
import { PlainConnection } from './plain-connection.ts';

/**
 * Takes votes that come as plain requests before Node's server sees their connections; all other connections, and those
 * of which any request is not plain, are Node's (docs/decisions/0029-plain-votes-have-a-lane-of-their-own.md).
 */
export class VoteLane implements Lane {
  readonly #deps: CastingDeps;
  readonly #connections = new Set<PlainConnection>();

  constructor(deps: CastingDeps) {
    this.#deps = deps;
  }

  take(socket: Socket, keepAliveMs: number, serve: () => void): void {
    const connection = new PlainConnection(socket, {
      keepAliveMs,
      take: ({ target, body }, caller) => {
        const route = routeOf(target);
        if (route !== null) new Casting(this.#deps, route, caller).whole(body);
        return route !== null;
      },
      handOver: () => {
        leave();
        serve();
      },
    });
    const leave = (): void => {
      this.#connections.delete(connection);
    };
    this.#connections.add(connection);
    socket.once('close', leave);
  }

  closeIdle(): void {
    for (const connection of this.#connections) connection.closeIdle();
  }
}

import { createServer } from 'node:http';

import type { Definition } from '@voteapp/contracts/definition';
import { RequestError } from '@voteapp/contracts/errors';
import { CLOCK_HEADER, DEFINITION_PATH } from '@voteapp/contracts/http/poll';
import type { HiddenResults, Results } from '@voteapp/contracts/http/results';
import { closeServer, listen } from '@voteapp/kit/server';

/** What front answers, to be changed at any time. */
export interface StubFront {
  readonly url: string;
  /** null: 404 `no_definition`. */
  definition: Definition | null;
  results: Results | HiddenResults | null;
  /** Its clock − the test's, ms. */
  clockAhead: number;
  /** Answers 503 to everything. */
  down: boolean;
  /** `Authorization` of the last request for the results. */
  authorization: string | undefined;
  /** Status of each answer to a request for the definition. */
  readonly definitionAnswers: number[];
  close(): Promise<void>;
}

/** A front service that knows only what vote asks it. */
export async function startStubFront(now: () => number = Date.now): Promise<StubFront> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object, headers: Record<string, string> = {}): void => {
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        [CLOCK_HEADER]: String(now() + front.clockAhead),
        ...headers,
      });
      response.end(status === 304 ? undefined : JSON.stringify(body));
    };
    if (request.url === DEFINITION_PATH && !front.down) {
      const { definition } = front;
      const etag = `"${definition?.version}"`;
      const same = definition !== null && request.headers['if-none-match'] === etag;
      front.definitionAnswers.push(definition === null ? 404 : same ? 304 : 200);
      if (definition === null) answer(404, new RequestError('no_definition').body());
      else answer(same ? 304 : 200, definition, { etag });
    } else if (request.url === '/api/results' && front.results !== null && !front.down) {
      front.authorization = request.headers.authorization;
      answer('error' in front.results ? 403 : 200, front.results);
    } else {
      answer(503, new RequestError('store_unavailable').body());
    }
  });
  const front: StubFront = {
    url: `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`,
    definition: null,
    results: null,
    clockAhead: 0,
    down: false,
    authorization: undefined,
    definitionAnswers: [],
    close: () => closeServer(server, 0),
  };
  return front;
}

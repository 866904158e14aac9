import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

import { RequestError } from '@voteapp/contracts/errors';
import type { PublicPoll } from '@voteapp/contracts/http/poll';
import { createLogger } from '@voteapp/kit/log';
import { closeServer, listen } from '@voteapp/kit/server';
import { answerErrors, createWebApp, route } from '@voteapp/web/app';
import { renderResultsPage } from '@voteapp/web/results-page';
import { poll, results, resultsPage, votePage } from '@voteapp/web/testing/fixtures';
import { PAGE_STATES } from '@voteapp/web/testing/states';
import { renderVotePage } from '@voteapp/web/vote-page';

/** Serves the pages in any state, and changes it while they are open. */
export interface PageStudio {
  readonly url: string;
  /** What the pages are told from now on. */
  show(changes: Partial<PublicPoll>, votes: readonly number[]): void;
  /** Refuses votes with an outage until told otherwise. */
  refuseVotes(refuse: boolean): void;
  /** Cuts every open stream; while `down`, new ones and reads of the poll are refused. */
  cutStreams(down: boolean): void;
  close(): Promise<void>;
}

export async function startPageStudio(): Promise<PageStudio> {
  let now = poll();
  let votes: readonly number[] = [0, 0];
  let choice: string | null = null;
  let refusing = false;
  let down = false;
  const streams = new Set<ServerResponse>();
  const numbers = () => results(now, votes);
  const event = (): string => `event: results\ndata: ${JSON.stringify(numbers())}\n\n`;
  const failWhileDown = (): void => {
    if (down) throw new RequestError('store_unavailable');
  };

  const app = createWebApp();
  route(app, '/state/:name', {
    get: (request, response) => void response.send(PAGE_STATES[String(request.params['name'])]?.()),
  });
  route(app, '/', {
    get: (_request, response) =>
      void response.send(renderVotePage(votePage({ poll: now, choice, results: numbers(), clock: Date.now() }))),
  });
  route(app, '/results', {
    get: (_request, response) =>
      void response.send(
        renderResultsPage(resultsPage({ poll: now, results: numbers(), totals: numbers(), clock: Date.now() })),
      ),
  });
  route(app, '/api/poll', {
    get(_request, response) {
      failWhileDown();
      const you = choice === null ? null : { option: choice, seq: 1 };
      response.json({ ...now, clock: Date.now(), you, results: numbers() });
    },
  });
  route(app, '/api/vote', {
    post(request, response) {
      if (refusing) throw new RequestError('queue_unavailable');
      request.setEncoding('utf8').once('data', (body: string) => {
        choice = (JSON.parse(body) as { option: string }).option;
        response.status(202).json({ status: 'accepted' });
      });
    },
  });
  route(app, '/api/results/stream', {
    get(_request, response) {
      failWhileDown();
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event());
      streams.add(response);
      response.on('close', () => streams.delete(response));
    },
  });
  answerErrors(app, createLogger({ level: 'silent', service: 'studio' }));
  const server = createServer(app);
  const port = await listen(server, '127.0.0.1', 0);
  return {
    url: `http://127.0.0.1:${port}`,
    show(changes, counts) {
      now = poll(changes);
      votes = counts;
      for (const stream of streams) stream.write(event());
    },
    refuseVotes(refuse) {
      refusing = refuse;
    },
    cutStreams(stayDown) {
      down = stayDown;
      for (const stream of streams) stream.destroy();
    },
    close: () => closeServer(server, 0),
  };
}

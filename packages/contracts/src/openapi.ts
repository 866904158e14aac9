import * as z from 'zod';

import { ERRORS, type ErrorCode } from './errors.ts';
import { commentList, newComment } from './http/comments.ts';
import { publicPoll } from './http/poll.ts';
import { hiddenResults, results, rounds, totals } from './http/results.ts';
import { postVotesRequest, votarRequest, voteAccepted, voteRequest } from './http/vote.ts';

const errorBody = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    field: z.string().optional(),
  }),
});

const pollOfVoter = publicPoll.extend({
  clock: z.int().describe('The service’s clock, ms since the epoch.'),
  you: z.object({ option: z.string(), seq: z.int() }).nullable().describe('The choice in the caller’s cookie.'),
  results: results.nullable().describe('The results, where this voter may see them.'),
  totals: totals.nullable().describe('The totals; null while they are not known.'),
});

const SCHEMAS = {
  VoteRequest: voteRequest,
  VoteAccepted: voteAccepted,
  PollOfVoter: pollOfVoter,
  Poll: publicPoll.extend({ clock: z.int() }),
  Results: results,
  HiddenResults: hiddenResults,
  Rounds: rounds,
  PostVotesRequest: postVotesRequest,
  VotarRequest: votarRequest,
  NewComment: newComment,
  CommentList: commentList,
  Error: errorBody,
} as const;

type SchemaName = keyof typeof SCHEMAS;

function json(schema: SchemaName, description: string): object {
  return { description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

function requestBody(schema: SchemaName): object {
  return { required: true, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

function refused(...codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      String(status),
      json('Error', same.map((code) => `\`${code}\``).join(', ')),
    ]),
  );
}

const VOTE_REFUSALS = [
  'malformed_body',
  'invalid_field',
  'unknown_option',
  'invalid_cookie',
  'voter_not_taken',
  'poll_not_open',
  'poll_closed',
  'poll_suspended',
  'cross_site',
  'request_timeout',
  'already_voted',
  'body_too_large',
  'voter_too_long',
  'unsupported_media_type',
  'queue_unavailable',
  'starting',
] as const satisfies readonly ErrorCode[];

const round = {
  name: 'round',
  in: 'query',
  schema: { type: 'string' },
  description: 'A round; default: the current one.',
};
const receipt = {
  name: 'receipt',
  in: 'query',
  schema: { type: 'string' },
  description: 'Receipt of a vote, for polls with visibility AfterVote; or as a Bearer token.',
};

function paths(): Record<string, object> {
  return {
    '/api/vote': {
      post: {
        tags: ['vote'],
        summary: 'Cast a vote',
        requestBody: requestBody('VoteRequest'),
        responses: { 202: json('VoteAccepted', 'Stored; the count follows.'), ...refused(...VOTE_REFUSALS) },
      },
    },
    '/api/poll': {
      get: {
        tags: ['vote', 'front'],
        summary: 'The poll (on the vote service with the caller’s own choice)',
        responses: {
          200: {
            description: 'The poll.',
            content: {
              'application/json': {
                schema: {
                  anyOf: [{ $ref: '#/components/schemas/PollOfVoter' }, { $ref: '#/components/schemas/Poll' }],
                },
              },
            },
          },
          ...refused('no_definition', 'starting'),
        },
      },
    },
    '/api/results': {
      get: {
        tags: ['front'],
        summary: 'The results',
        parameters: [round, receipt],
        responses: {
          200: json('Results', 'The numbers of the round.'),
          304: { description: 'Unchanged since the ETag given.' },
          403: json('HiddenResults', 'Hidden for now: totals only.'),
          ...refused('unknown_round', 'store_unavailable'),
        },
      },
    },
    '/api/results/stream': {
      get: {
        tags: ['front'],
        summary: 'The results as server-sent events: `results`, `totals` while hidden, `unavailable` in an outage',
        parameters: [round, receipt],
        responses: {
          200: { description: 'Events.', content: { 'text/event-stream': {} } },
          ...refused('unknown_round'),
        },
      },
    },
    '/api/results.csv': {
      get: {
        tags: ['front'],
        summary: 'The results as CSV (RFC 4180)',
        parameters: [
          round,
          receipt,
          { name: 'by', in: 'query', schema: { enum: ['option', 'hour'], default: 'option' } },
        ],
        responses: {
          200: { description: 'A row per option, or per hour and option.', content: { 'text/csv': {} } },
          403: json('HiddenResults', 'Hidden for now: totals only.'),
          ...refused('unknown_round', 'store_unavailable'),
        },
      },
    },
    '/api/rounds': {
      get: { tags: ['front'], summary: 'Every round', responses: { 200: json('Rounds', 'Oldest first.') } },
    },
    '/api/comment/new': {
      post: {
        tags: ['front'],
        summary: 'Comment on something',
        requestBody: requestBody('NewComment'),
        responses: {
          200: { description: 'Created.' },
          ...refused(
            'malformed_body',
            'invalid_field',
            'comments_disabled',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    '/api/comment/list/{id}': {
      get: {
        tags: ['front'],
        summary: 'The comments on something',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: json('CommentList', 'Oldest first.'), 404: { description: 'Nothing of that id.' } },
      },
    },
    '/api/postVotes': {
      post: {
        tags: ['compatibility'],
        summary: 'Cast a vote, as the first Voting App takes it',
        requestBody: requestBody('PostVotesRequest'),
        responses: {
          200: { description: '`{"voteStatus": 200}`' },
          400: { description: '`{"badRequest": …}`' },
          ...refused('poll_closed', 'queue_unavailable'),
        },
      },
    },
    '/votar': {
      post: {
        tags: ['compatibility'],
        summary: 'Cast a vote by the option’s position, counted from 1',
        requestBody: requestBody('VotarRequest'),
        responses: {
          200: { description: '` [x] Sent to queue <n> FROM <hostname>`', content: { 'text/plain': {} } },
          406: { description: '`NÚMERO DE VOTO INVÁLIDO`', content: { 'text/plain': {} } },
          ...refused('poll_closed', 'queue_unavailable'),
        },
      },
    },
    '/api/votes': {
      get: {
        tags: ['compatibility'],
        summary: 'The tally, counts as strings',
        responses: { 200: { description: '`{"votes": {"coca": "2", "pepsi": "1"}}`' }, ...refused('results_hidden') },
      },
    },
    '/total': {
      get: {
        tags: ['compatibility'],
        summary: 'The tally by position, and the votes of the last 60 minutes',
        responses: {
          200: { description: '`{"voto_1": 2, "voto_2": 1, "votos_ultima_hora": 3}`' },
          ...refused('results_hidden'),
        },
      },
    },
  };
}

/** JSON Schemas of the bodies; where one holds another, it refers to it. */
function componentSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...body }]) => [id, body]));
}

/** The HTTP interface as an OpenAPI 3.1 document, made from the schemas that validate. */
export function openApi(): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'VoteApp',
      version: 'v1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Cast votes (vote service) and read results (front service).',
    },
    tags: [
      { name: 'vote', description: 'On the vote service.' },
      { name: 'front', description: 'On the front service.' },
      { name: 'compatibility', description: 'Routes of the predecessors, bodies unchanged.' },
    ],
    paths: paths(),
    components: { schemas: componentSchemas() },
  };
}

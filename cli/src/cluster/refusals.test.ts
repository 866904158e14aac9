import { ApiError, NoAnswer } from '@voteapp/operator/runtime/api-server';
import { describe, expect, test } from 'vitest';

import { EXIT, Failure } from '../exit-codes.ts';
import { explained } from './refusals.ts';

const ASKED = { context: 'kind', url: 'https://10.0.0.1:6443', config: { getCurrentUser: () => null } };
const REQUEST = 'GET /api/v1/pods';

function refusal(code: number, message: string, reason = ''): ApiError {
  return new ApiError({ code, message, reason, request: REQUEST });
}

const CASES: Record<string, readonly [error: Error, exitCode: number, message: string]> = {
  'who is not logged in is sent to log in': [
    refusal(401, 'Unauthorized'),
    EXIT.forbidden,
    'Context kind is not logged in, or its login has run out: log in again.',
  ],
  'who lacks a right hears which one': [
    refusal(403, 'pods is forbidden: User "x" cannot list resource "pods"'),
    EXIT.forbidden,
    'pods is forbidden: User "x" cannot list resource "pods". Ask whoever runs the cluster for that right.',
  ],
  'what is not there is named': [refusal(404, 'pods "a" not found'), EXIT.notFound, 'pods "a" not found.'],
  'a server that gives up has its own code': [
    refusal(504, 'Timeout: request did not complete'),
    EXIT.timeout,
    'Timeout: request did not complete.',
  ],
  'any other refusal has its reason': [
    refusal(422, 'spec is wrong', 'Invalid'),
    EXIT.failed,
    'The API server refused (Invalid): spec is wrong.',
  ],
  'a refusal without a reason has its status': [refusal(500, 'oh!'), EXIT.failed, 'The API server refused (500): oh!'],
  'a silent server is late': [
    new NoAnswer(REQUEST, '50 ms are over'),
    EXIT.timeout,
    'The API server of context kind (https://10.0.0.1:6443) did not answer in time; --request-timeout gives it longer.',
  ],
  'an unreachable server is said to be so': [
    new NoAnswer(
      REQUEST,
      'self-signed certificate',
      Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    ),
    EXIT.failed,
    'The API server of context kind (https://10.0.0.1:6443) cannot be reached: self-signed certificate.',
  ],
};

describe('what a person reads of a refusal', () => {
  test.each(Object.entries(CASES))('%s', (_, [error, exitCode, message]) => {
    const failure = explained(error, ASKED);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ exitCode, message, cause: error });
  });

  test('is nothing new of any other error', () => {
    const error = new Error('else');
    expect(explained(error, ASKED)).toBe(error);
  });
});

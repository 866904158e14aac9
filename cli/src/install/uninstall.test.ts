import { describe, expect, test } from 'vitest';

import { EXIT } from '../exit-codes.ts';
import type { Poll } from './remains.ts';
import { loss, refuseWithPolls } from './uninstall.ts';

function poll(name: string, deletionPolicy?: string): Poll {
  const spec = deletionPolicy === undefined ? {} : { deletionPolicy };
  return { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', metadata: { namespace: 'shop', name }, spec };
}

describe('while there are polls', () => {
  test.each([{ keepPolls: true }, { deletePolls: true }])('%o says what becomes of them', (options) => {
    expect(() => refuseWithPolls([poll('coca')], options)).not.toThrow();
  });

  test('nothing is removed before that is said', () => {
    const polls = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => poll(name));
    expect(() => refuseWithPolls(polls, {})).toThrow(
      expect.objectContaining({
        exitCode: EXIT.failed,
        message: expect.stringContaining(
          'shop/a, shop/b, shop/c, shop/d, shop/e and 2 more. Say what becomes of them',
        ) as string,
      }),
    );
  });

  test('--delete-data alone does not say it', () => {
    expect(() => refuseWithPolls([poll('coca')], { deleteData: true })).toThrow('add --delete-polls');
  });
});

describe('what is lost for good', () => {
  const polls = [poll('coca', 'Retain'), poll('pepsi', 'Delete')];
  const cases: Record<string, readonly [options: Parameters<typeof loss>[1], lost: string | null]> = {
    'is nothing where only the operator goes': [{}, null],
    'is what such polls take with them': [{ deletePolls: true }, 'the votes of shop/pepsi (deletionPolicy: Delete)'],
    'is everything with --delete-data': [{ deleteData: true, deletePolls: true }, 'the votes of all polls'],
  };
  test.each(Object.entries(cases))('%s', (_, [options, lost]) => {
    expect(loss(polls, options)).toBe(lost);
  });

  test('is nothing where volumes stay', () => {
    expect(loss([poll('coca')], { deletePolls: true })).toBeNull();
  });
});

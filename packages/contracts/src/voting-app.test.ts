import { describe, expect, it } from 'vitest';

import { problemsOf, sentence } from './problems.ts';
import { votingAppSchema } from './voting-app.ts';

const options = [{ id: 'coca' }, { id: 'pepsi' }];

function votingApp(poll: object): object {
  return {
    apiVersion: 'voteapp.dev/v1alpha1',
    kind: 'VotingApp',
    metadata: { name: 'shop' },
    spec: { poll: { options, ...poll } },
  };
}

function sentencesOf(resource: unknown): string[] {
  const parsed = votingAppSchema.safeParse(resource);
  return parsed.success ? [] : problemsOf(parsed.error).map(sentence);
}

describe('a VotingApp', () => {
  it('needs nothing but options', () => {
    expect(votingAppSchema.parse(votingApp({})).spec.poll).toEqual({
      options,
      policy: 'LastVoteWins',
      suspend: false,
      timeZone: 'UTC',
      voters: ['Cookie', 'Named'],
      shards: 1,
      results: { visibility: 'Always' },
      comments: { enabled: false, publicEmails: false },
      retentionDays: 30,
    });
  });

  it('may hold the sections that only a cluster acts on', () => {
    const resource = votingApp({}) as { spec: object };
    expect(sentencesOf({ ...resource, spec: { ...resource.spec, database: { type: 'Managed' } } })).toEqual([]);
  });

  it.each([
    ['takes emoji as text', { title: 'Who wins? 👩‍🚀🇧🇷' }],
    ['takes times with an offset', { opensAt: '2026-11-20T21:00:00-03:00' }],
    ['takes 50 options', { options: Array.from({ length: 50 }, (_, n) => ({ id: `o${n}` })) }],
  ])('%s', (_, poll) => {
    expect(sentencesOf(votingApp(poll))).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['one option', { options: [{ id: 'a' }] }, 'spec.poll.options must have at least 2 elements'],
    [
      '51 options',
      { options: Array.from({ length: 51 }, (_, n) => ({ id: `o${n}` })) },
      'spec.poll.options must have at most 50 elements',
    ],
    ['an id twice', { options: [...options, { id: 'coca' }] }, 'spec.poll.options must have distinct ids'],
    [
      'an id with a capital',
      { options: [{ id: 'Coca' }, { id: 'pepsi' }] },
      'spec.poll.options[0].id must be 1 to 40 lower-case letters, digits or dashes',
    ],
    [
      'a label with a line break',
      { options: [{ id: 'a', label: 'a\nb' }, { id: 'b' }] },
      'spec.poll.options[0].label must not contain control characters',
    ],
    [
      'an image by another scheme',
      { options: [{ id: 'a', image: 'javascript:alert(1)' }, { id: 'b' }] },
      'spec.poll.options[0].image must be an http or https URL',
    ],
    [
      'a colour by name',
      { options: [{ id: 'a', color: 'red' }, { id: 'b' }] },
      'spec.poll.options[0].color must be a colour such as #c8102e',
    ],
    ['an empty title', { title: '' }, 'spec.poll.title must not be empty'],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, 'spec.poll.title must have at most 200 characters'],
    ['another policy', { policy: 'First' }, 'spec.poll.policy must be one of LastVoteWins, FirstVoteWins, Unlimited'],
    ['a day as time', { opensAt: '2026-11-20' }, 'spec.poll.opensAt must be a time such as 2026-11-20T21:00:00Z'],
    [
      'a time without zone',
      { closesAt: '2026-11-20T21:00:00' },
      'spec.poll.closesAt must be a time such as 2026-11-20T21:00:00Z',
    ],
    [
      'a close before the open',
      { opensAt: '2026-11-20T21:00:00Z', closesAt: '2026-11-20T21:00:00Z' },
      'spec.poll.closesAt must be later than opensAt',
    ],
    [
      'a zone of another planet',
      { timeZone: 'Mars/Utopia' },
      'spec.poll.timeZone must be an IANA time zone such as America/Sao_Paulo',
    ],
    ['no voters', { voters: [] }, 'spec.poll.voters must not be empty'],
    ['voters twice', { voters: ['Named', 'Named'] }, 'spec.poll.voters must not repeat a kind'],
    ['half a shard', { shards: 1.5 }, 'spec.poll.shards must be a whole number'],
    ['65 shards', { shards: 65 }, 'spec.poll.shards must be at most 64'],
    ['suspend as text', { suspend: 'yes' }, 'spec.poll.suspend must be a boolean'],
    ['no retention', { retentionDays: 0 }, 'spec.poll.retentionDays must be at least 1'],
    ['an unknown field', { colour: 'red' }, 'spec.poll has the unknown field "colour"'],
    [
      'another visibility',
      { results: { visibility: 'Never' } },
      'spec.poll.results.visibility must be one of Always, AfterVote, AfterClose',
    ],
    [
      'a round of 41 characters',
      { id: 'x'.repeat(41) },
      'spec.poll.id must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
    ],
  ])('refuses %s with one sentence', (_, poll, expected) => {
    expect(sentencesOf(votingApp(poll))).toEqual([expected]);
  });

  it('names every problem at once', () => {
    expect(sentencesOf({ apiVersion: 'v1', kind: 'Pod', metadata: {} })).toEqual([
      'apiVersion must be voteapp.dev/v1alpha1',
      'kind must be VotingApp',
      'metadata.name is required',
      'spec is required',
    ]);
  });
});

import { describe, expect, it } from 'vitest';

import { UsageError } from '../exit-codes.ts';
import { remarksOn, requestedApp, type Wishes } from './requested-app.ts';

const AB: Wishes = { option: ['a', 'b'] };
const NOW = Date.parse('2026-11-20T12:00:00Z');

describe('a VotingApp that a command line asks for', () => {
  it('has nothing in it that was not asked for', () => {
    expect(requestedApp('shop', AB)).toEqual({
      apiVersion: 'voteapp.dev/v1alpha1',
      kind: 'VotingApp',
      metadata: { name: 'shop' },
      spec: { poll: { options: [{ id: 'a' }, { id: 'b' }] } },
    });
  });

  it('has everything that was', () => {
    const wishes: Wishes = {
      option: ['ana=Ana = the first', 'bia'],
      namespace: 'show',
      round: 'final',
      title: 'Who wins?',
      policy: 'Unlimited',
      visibility: 'AfterClose',
      opensAt: '2026-12-20 22:30',
      closesAt: '2026-12-20T22:50:00-03:00',
      timeZone: 'America/Sao_Paulo',
      host: 'vote.example.com',
      resultsHost: 'results.example.com',
      ingressClass: 'nginx',
      tls: true,
      version: '1.2.0',
    };
    expect(requestedApp('shop', wishes)).toMatchObject({
      metadata: { name: 'shop', namespace: 'show' },
      spec: {
        version: '1.2.0',
        poll: {
          id: 'final',
          title: 'Who wins?',
          options: [{ id: 'ana', label: 'Ana = the first' }, { id: 'bia' }],
          policy: 'Unlimited',
          opensAt: '2026-12-20T22:30:00-03:00',
          closesAt: '2026-12-20T22:50:00-03:00',
          timeZone: 'America/Sao_Paulo',
          results: { visibility: 'AfterClose' },
        },
        expose: {
          type: 'Ingress',
          hosts: { vote: 'vote.example.com', front: 'results.example.com' },
          tls: { enabled: true },
          ingress: { className: 'nginx' },
        },
      },
    });
  });

  it('may be led to by a Gateway', () => {
    const hosts = { host: 'vote.example.com', resultsHost: 'results.example.com' };
    const exposed = (gateway: string): unknown => requestedApp('shop', { ...AB, ...hosts, gateway }).spec.expose;
    expect(exposed('public')).toEqual({
      type: 'Gateway',
      hosts: { vote: 'vote.example.com', front: 'results.example.com' },
      gateway: { parentRefs: [{ name: 'public' }] },
    });
    expect(exposed('infra/public:https')).toMatchObject({
      gateway: { parentRefs: [{ namespace: 'infra', name: 'public', sectionName: 'https' }] },
    });
  });

  it('has the pods and the volumes that are asked for', () => {
    const { spec } = requestedApp('shop', { ...AB, replicas: 4, storage: '20Gi', storageClass: 'fast' });
    const storage = { size: '20Gi', storageClassName: 'fast' };
    expect(spec).toMatchObject({
      vote: { replicas: 4 },
      database: { type: 'Managed', managed: { storage } },
      queue: { type: 'RabbitMQ', rabbitmq: { storage } },
    });
  });

  it.each<[string, string, Wishes, string | RegExp]>([
    ['one option', 'shop', { option: ['a'] }, '--option must have at least 2 elements.'],
    ['an option twice', 'shop', { option: ['a', 'a'] }, '--option must have distinct ids.'],
    ['a bad id', 'shop', { option: ['a', 'Coca Cola'] }, '--option Coca Cola: its id must be 1 to 40'],
    ['an empty label', 'shop', { option: ['a', 'b='] }, '--option b=: its label must not be empty.'],
    ['a bad name', 'Shop', AB, 'NAME must be 1 to 40 lower-case letters'],
    ['an unknown policy', 'shop', { ...AB, policy: 'Once' }, '--policy must be one of LastVoteWins,'],
    ['an unknown visibility', 'shop', { ...AB, visibility: 'Never' }, '--visibility must be one of Always,'],
    [
      'a close before the open',
      'shop',
      { ...AB, opensAt: '2026-12-20 22:30', closesAt: '2026-12-20 22:30' },
      '--closes-at must be later than --opens-at.',
    ],
    ['an unknown zone', 'shop', { ...AB, timeZone: 'Mars' }, '--time-zone Mars must be an IANA time zone'],
    ['one host', 'shop', { ...AB, host: 'vote.example.com' }, '--host needs --results-host too'],
    ['the other host', 'shop', { ...AB, resultsHost: 'vote.example.com' }, '--results-host needs --host too'],
    [
      'one host twice',
      'shop',
      { ...AB, host: 'a.example.com', resultsHost: 'a.example.com' },
      '--host and --results-host must be distinct',
    ],
    ['TLS of no host', 'shop', { ...AB, tls: true }, '--tls needs --host and --results-host'],
    ['a Gateway for no host', 'shop', { ...AB, gateway: 'public' }, '--gateway needs --host and --results-host'],
    [
      'a Gateway of a bad name',
      'shop',
      { ...AB, host: 'a.example.com', resultsHost: 'b.example.com', gateway: 'A/b/c' },
      '--gateway: its name must',
    ],
    ['a small volume', 'shop', { ...AB, storage: '20' }, /^--storage must be at least 1Gi\.$/],
    ['no pods', 'shop', { ...AB, replicas: 0 }, '--replicas must be'],
    ['a bad release', 'shop', { ...AB, version: 'latest' }, '--version must be a release such as 1.2.0.'],
  ])('with %s is refused, by the option', (_, name, wishes, sentence) => {
    expect(() => requestedApp(name, wishes)).toThrow(UsageError);
    expect(() => requestedApp(name, wishes)).toThrow(sentence);
  });

  it('comes with every problem at once', () => {
    const wishes: Wishes = { option: ['a', 'B'], title: '', policy: 'x' };
    expect(() => requestedApp('shop', wishes)).toThrow(/^--title .*\n--option B: .*\n--policy .*$/);
  });
});

describe('remarks', () => {
  it.each<[string, Wishes, string[]]>([
    ['on nothing', AB, []],
    ['on a time that says its offset: none', { ...AB, opensAt: '2026-12-20T22:30:00-03:00' }, []],
    [
      'on a time by the clocks of a zone',
      { ...AB, opensAt: '2026-12-20 22:30', timeZone: 'America/Sao_Paulo' },
      ['--opens-at is 2026-12-20T22:30:00-03:00, by the clocks of America/Sao_Paulo.'],
    ],
    [
      'on a time by no zone',
      { ...AB, closesAt: '2026-12-20 22:30' },
      ['--closes-at is 2026-12-20T22:30:00Z, by the clocks of UTC (--time-zone names another).'],
    ],
    [
      'on a close that is past',
      { ...AB, closesAt: '2026-11-20T12:00:00Z' },
      ['--closes-at is in the past: the poll will take no votes.'],
    ],
  ])('%s', (_, wishes, expected) => {
    expect(remarksOn(wishes, requestedApp('shop', wishes), NOW)).toEqual(expected);
  });
});

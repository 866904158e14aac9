import { createSecretKey } from 'node:crypto';

import { choiceCookieName, isReceipt, readChoice, readVoter, signChoice, signVoter } from '@voteapp/contracts/signed';
import { describe, expect, it, onTestFinished } from 'vitest';

import { cookiesOf, submit, vote } from '../testing/requests.ts';
import { type RunOptions, runService, SESSION_KEY } from '../testing/run-service.ts';

const KEY = createSecretKey(SESSION_KEY);
const CHOICE = choiceCookieName('drinks');
const VOTER = 'v'.repeat(22);

async function run(options: RunOptions = {}) {
  const running = await runService(options);
  onTestFinished(() => running.stop());
  return running;
}

interface You {
  readonly you: { readonly option: string; readonly seq: number } | null;
}

async function you(url: string, cookie: string): Promise<You['you']> {
  const response = await fetch(`${url}/api/poll`, { headers: { cookie } });
  return ((await response.json()) as You).you;
}

function tags(queue: Awaited<ReturnType<typeof run>>['queue']) {
  return queue.batches.flatMap(({ votes }) => votes.map((entry) => entry?.[0]));
}

describe('a browser', () => {
  it('is given a voter by the page, keeps it, and sees its choice on return', async () => {
    const { url, queue } = await run();
    const first = await fetch(url);
    expect(first.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^userID=[\w-]{22}\.[\w-]{22}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    const voter = cookiesOf(first);

    const voted = await submit(url, { vote: 'pepsi' }, { cookie: voter });
    expect(voted.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^voteapp_[0-9a-f]{8}=pepsi\.\d+\.[\w-]{22}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    const cookies = `${voter}; ${cookiesOf(voted)}`;
    expect(await you(url, cookies)).toEqual({ option: 'pepsi', seq: queue.batches[0]?.votes[0]?.[2] });
    const again = await fetch(url, { headers: { cookie: cookies } });
    expect(again.headers.getSetCookie()).toEqual([]);
    expect(await again.text()).toMatch(/data-option="pepsi"\s+data-mine/);

    await submit(url, { vote: 'coca' }, { cookie: cookies });
    expect(new Set(tags(queue)).size).toBe(1);
  });

  it('that sends no cookie votes as a new voter each time', async () => {
    const { url, queue } = await run();
    const response = await vote(url, { option: 'coca' });
    await vote(url, { option: 'coca' });
    expect(new Set(tags(queue)).size).toBe(2);
    expect(cookiesOf(response)).toMatch(/^userID=.*; voteapp_/);
    expect((await you(url, cookiesOf(response)))?.option).toBe('coca');
  });

  it('gets Secure cookies behind TLS', async () => {
    const { url } = await run({ config: { TRUSTED_PROXIES: 'loopback' } });
    const secure = await vote(url, { option: 'coca' }, { 'x-forwarded-proto': 'https' });
    const plain = await vote(url, { option: 'coca' });
    expect(secure.headers.getSetCookie().every((cookie) => cookie.endsWith('; Secure'))).toBe(true);
    expect(plain.headers.getSetCookie().some((cookie) => cookie.includes('Secure'))).toBe(false);
  });

  it('is given none where the poll takes named voters only, and none for a vote in a name', async () => {
    const { url } = await run({ definition: { voters: ['Named'] } });
    expect((await fetch(url)).headers.getSetCookie()).toEqual([]);
    expect((await vote(url, { option: 'coca', voter: 'ann' })).headers.getSetCookie()).toEqual([]);
  });
});

describe('a cookie that was tampered with', () => {
  const signed = signVoter(KEY, VOTER);
  const choice = signChoice(KEY, 'drinks', VOTER, { option: 'coca', seq: 7 });
  it.each([
    ['a voter of another signature', `userID=${VOTER}.${'A'.repeat(22)}`],
    ['a voter without one', 'userID=3f2a9c0011'],
    ['a choice of another option', `userID=${signed}; ${CHOICE}=${choice.replace('coca', 'pepsi')}`],
    ['a choice of another voter', `userID=${signVoter(KEY, 'w'.repeat(22))}; ${CHOICE}=${choice}`],
    ['a voter and a choice', `userID=${VOTER}.${'A'.repeat(22)}; ${CHOICE}=${choice}`],
  ])('%s: POST answers 400 with a cookie that works; GET replaces it', async (_, cookie) => {
    const { url, queue } = await run();
    const refused = await vote(url, { option: 'coca' }, { cookie });
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: 'invalid_cookie' } }]);
    expect(queue.batches).toEqual([]);

    for (const fresh of [refused, await fetch(url, { headers: { cookie } })]) {
      // A browser keeps what was not replaced.
      const kept = cookie
        .split('; ')
        .filter((pair) => !fresh.headers.getSetCookie().some((set) => set.startsWith(pair.split('=')[0]!)));
      const next = [...kept, cookiesOf(fresh)].filter(Boolean).join('; ');
      expect((await vote(url, { option: 'coca' }, { cookie: next })).status).toBe(202);
    }
  });

  it('does not matter to a vote in a name', async () => {
    const { url } = await run();
    expect((await vote(url, { option: 'coca', voter: 'ann' }, { cookie: 'userID=x' })).status).toBe(202);
  });
});

describe('under FirstVoteWins', () => {
  it('a browser that shows a vote of the round is answered 409', async () => {
    const { url, queue } = await run({ definition: { policy: 'FirstVoteWins' } });
    const first = await vote(url, { option: 'coca' });
    const cookie = cookiesOf(first);
    const second = await vote(url, { option: 'pepsi' }, { cookie });
    expect([second.status, await second.json()]).toMatchObject([409, { error: { code: 'already_voted' } }]);
    const form = await submit(url, { vote: 'pepsi' }, { cookie });
    expect([form.status, await form.text()]).toEqual([
      409,
      expect.stringContaining('You have voted already') as string,
    ]);
    expect(queue.batches).toHaveLength(1);
  });

  it('a vote in a name is left to the store', async () => {
    const { url, queue } = await run({ definition: { policy: 'FirstVoteWins' } });
    for (const option of ['coca', 'pepsi']) expect((await vote(url, { option, voter: 'ann' })).status).toBe(202);
    expect(queue.batches).toHaveLength(2);
  });
});

describe('the place of a vote', () => {
  const NOW = 1_800_000_000_000;
  const voterCookie = `userID=${signVoter(KEY, VOTER)}`;
  const shown = (seq: number) =>
    `${voterCookie}; ${CHOICE}=${signChoice(KEY, 'drinks', VOTER, { option: 'coca', seq })}`;
  const seqOf = async (response: Response) => ((await response.json()) as { seq: number }).seq;

  it('follows the one in the cookie, for that voter alone', async () => {
    const { url } = await run({ now: () => NOW });
    const ahead = (NOW + 700) * 4_096;
    const response = await vote(url, { option: 'pepsi' }, { cookie: shown(ahead) });
    const cookies = `${voterCookie}; ${cookiesOf(response)}`;
    expect(await seqOf(response)).toBe(ahead + 1);
    expect(await seqOf(await vote(url, { option: 'coca' }, { cookie: cookies }))).toBe(ahead + 2);
    expect(await seqOf(await vote(url, { option: 'coca' }))).toBe(NOW * 4_096);
  });

  it('is that of the clock where the cookie is behind', async () => {
    const { url } = await run({ now: () => NOW });
    const response = await vote(url, { option: 'pepsi' }, { cookie: shown((NOW - 5_000) * 4_096) });
    expect(await seqOf(response)).toBe(NOW * 4_096);
  });
});

it('cookies are signed for the voter and the round', async () => {
  const { url } = await run({ definition: { visibility: 'AfterVote' } });
  const response = await vote(url, { option: 'coca' });
  const [voterCookie = '', choiceCookie = ''] = cookiesOf(response).split('; ');
  const { seq, receipt } = (await response.json()) as { seq: number; receipt: string };
  const voter = readVoter(KEY, voterCookie.slice('userID='.length));
  expect(readChoice(KEY, 'drinks', voter!, choiceCookie.slice(CHOICE.length + 1))).toEqual({ option: 'coca', seq });
  expect(isReceipt(KEY, 'drinks', receipt)).toBe(true);
});

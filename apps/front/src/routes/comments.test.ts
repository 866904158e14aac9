import { afterEach, describe, expect, it } from 'vitest';

import { definition, type Front, round, startFront } from '../fixtures/front.ts';
import { maskedEmail } from './comments.ts';

let running: Front | undefined;

async function frontWith(comments = { enabled: true, publicEmails: false }) {
  running = await startFront();
  running.store.set(round({ definition: definition({ comments }) }));
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const COMMENT = { email: 'ana@example.org', comment: 'Coca!\nAlways. 🥤', content_id: 'final-1' };
const NEW = '/api/comment/new';

describe('comments', () => {
  it('are taken and listed oldest first, e-mails masked', async () => {
    const { get, post } = await frontWith();
    const created = await post(NEW, COMMENT);
    expect([created.status, await created.json()]).toEqual([
      200,
      { status: 'SUCCESS', message: 'comment created and associated with content_id final-1' },
    ]);
    await post(NEW, { ...COMMENT, email: 'bob@test.example', comment: 'Pepsi' });
    const list = await get('/api/comment/list/final-1');
    expect([list.status, await list.json()]).toEqual([
      200,
      [
        { email: 'a***@e***', comment: COMMENT.comment },
        { email: 'b***@t***', comment: 'Pepsi' },
      ],
    ]);
  });

  it('show e-mails in full where the poll says so', async () => {
    const { get, post } = await frontWith({ enabled: true, publicEmails: true });
    await post(NEW, COMMENT);
    expect(await (await get('/api/comment/list/final-1')).json()).toEqual([
      { email: 'ana@example.org', comment: COMMENT.comment },
    ]);
  });

  it('take a number as content_id and find it by its digits', async () => {
    const { get, post } = await frontWith();
    expect(await (await post(NEW, { ...COMMENT, content_id: 7 })).json()).toMatchObject({
      message: 'comment created and associated with content_id 7',
    });
    expect((await get('/api/comment/list/7')).status).toBe(200);
  });

  it('of nothing that was commented on are 404', async () => {
    const { get } = await frontWith();
    const response = await get('/api/comment/list/nothing');
    expect([response.status, await response.json()]).toEqual([
      404,
      { status: 'NOT-FOUND', message: 'content_id nothing not found' },
    ]);
  });

  it('are 404 comments_disabled where the poll has none', async () => {
    const { get, post } = await frontWith({ enabled: false, publicEmails: false });
    for (const response of [await post(NEW, COMMENT), await get('/api/comment/list/final-1')]) {
      expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'comments_disabled' } }]);
    }
  });

  const refused: { name: string; body: unknown; type?: string; status: number; code: string }[] = [
    { name: 'malformed JSON', body: '{"email":', status: 400, code: 'malformed_body' },
    { name: 'a bare string', body: '"text"', status: 400, code: 'malformed_body' },
    { name: 'an array', body: [], status: 400, code: 'invalid_field' },
    { name: 'no e-mail', body: { ...COMMENT, email: undefined }, status: 400, code: 'invalid_field' },
    { name: 'something that is no e-mail', body: { ...COMMENT, email: 'ana' }, status: 400, code: 'invalid_field' },
    { name: 'an empty comment', body: { ...COMMENT, comment: '' }, status: 400, code: 'invalid_field' },
    { name: 'a comment of a wrong type', body: { ...COMMENT, comment: 5 }, status: 400, code: 'invalid_field' },
    {
      name: 'a comment too long',
      body: { ...COMMENT, comment: 'x'.repeat(2_001) },
      status: 400,
      code: 'invalid_field',
    },
    { name: 'a NUL in the comment', body: { ...COMMENT, comment: 'a\0b' }, status: 400, code: 'invalid_field' },
    { name: 'a NUL in the content_id', body: { ...COMMENT, content_id: 'a\0b' }, status: 400, code: 'invalid_field' },
    { name: 'no content_id', body: { ...COMMENT, content_id: undefined }, status: 400, code: 'invalid_field' },
    { name: 'over 8 KiB', body: { ...COMMENT, extra: 'x'.repeat(9_000) }, status: 413, code: 'body_too_large' },
    {
      name: 'a form',
      body: 'email=a',
      type: 'application/x-www-form-urlencoded',
      status: 415,
      code: 'unsupported_media_type',
    },
    { name: 'plain text', body: '{}', type: 'text/plain', status: 415, code: 'unsupported_media_type' },
  ];
  it.each(refused)('refuse $name: $status $code', async ({ body, type = 'application/json', status, code }) => {
    const { get, post } = await frontWith();
    const response = await post(NEW, body, { 'content-type': type });
    expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
    expect((await get('/api/comment/list/final-1')).status).toBe(404);
  });

  it.each(['a%00b', 'x'.repeat(65)])('refuse to list %s', async (id) => {
    const { get } = await frontWith();
    expect(await (await get(`/api/comment/list/${id}`)).json()).toMatchObject({
      error: { code: 'invalid_field', field: 'id' },
    });
  });
});

describe('maskedEmail', () => {
  it.each([
    ['ana@example.org', 'a***@e***'],
    ['a@b.co', 'a***@b***'],
  ])('%s becomes %s', (email, masked) => {
    expect(maskedEmail(email)).toBe(masked);
  });
});

import * as z from 'zod';

import { withKeyword } from './rule.ts';

const INSTANT =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$/;
const MESSAGE = 'must be a time such as 2026-11-20T21:00:00Z';

const calendar = z.iso.datetime({ offset: true });

/** A moment, as RFC 3339 writes it. */
export function instant() {
  return withKeyword(z.string().max(40).regex(INSTANT, { error: MESSAGE, abort: true }), {
    keyword: { format: 'date-time' },
    message: MESSAGE,
    holds: (text) => calendar.safeParse(text).success,
  });
}

import * as z from 'zod';

import { EXIT, Failure } from '../exit-codes.ts';

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** What a service says when it does not do what it is asked for; null where the body is no such thing. */
export function refusalIn(body: unknown): { readonly code: string; readonly message: string } | null {
  return errorBody.safeParse(body).data?.error ?? null;
}

/** What a service answers, as JSON; undefined where it is none, as of a proxy that is in the way. */
export async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return undefined;
  }
}

/** The failure that an answer tells. */
export function failureOf(name: string, status: number, body: unknown): Failure {
  const refusal = refusalIn(body);
  const message =
    refusal?.message ?? `A service of ${name} answers with the status ${status}: see \`voteapp status ${name}\`.`;
  return new Failure(refusal?.code === 'unknown_round' ? EXIT.notFound : EXIT.failed, message);
}

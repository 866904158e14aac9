import * as z from 'zod';

const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u;

/** `POST /api/comment/new` (S3) */
export const newComment = z.object({
  email: z.email().max(254),
  // Line breaks and tabs are part of a comment; other control characters are not.
  comment: z
    .string()
    .min(1)
    .max(2_000)
    .regex(/^[\P{Cc}\n\r\t]*$/u, 'must not contain control characters'),
  content_id: z.union([
    z.string().min(1).max(64).regex(NO_CONTROL_CHARACTERS, 'must not contain control characters'),
    z.int(),
  ]),
});

export function commentCreated(contentId: string) {
  return {
    status: 'SUCCESS',
    message: `comment created and associated with content_id ${contentId}`,
  } as const;
}

export function contentNotFound(contentId: string) {
  return { status: 'NOT-FOUND', message: `content_id ${contentId} not found` } as const;
}

/** `GET /api/comment/list/{id}`: e-mails masked unless the poll shows them. */
export const commentList = z.array(z.object({ email: z.string(), comment: z.string() }));

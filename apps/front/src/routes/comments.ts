import { RequestError } from '@voteapp/contracts/errors';
import { commentCreated, contentNotFound, newComment } from '@voteapp/contracts/http/comments';
import { MAX_BODY_BYTES } from '@voteapp/contracts/http/vote';
import { problemsOf, sentence } from '@voteapp/contracts/problems';
import { route } from '@voteapp/web/app';
import express, { type Express, type RequestHandler } from 'express';
import type * as z from 'zod';

import type { FrontDeps } from '../deps.ts';

/** `ana@example.org` becomes `a***@e***`: enough to know one's own, too little to write to anybody. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}***@${email.slice(at + 1, at + 2)}***`;
}

function checked<T>(result: z.ZodSafeParseResult<T>, root = ''): T {
  if (result.success) return result.data;
  const problem = problemsOf(result.error, root)[0] ?? { path: root, message: 'is not valid' };
  const { path } = problem;
  throw new RequestError('invalid_field', { message: sentence(problem), ...(path !== '' && { field: path }) });
}

/** Comments as the predecessor's API took and gave them. */
export function commentRoutes(app: Express, { definition, comments }: FrontDeps): void {
  async function commentPolicy(): Promise<{ publicEmails: boolean }> {
    const policy = (await definition())?.comments;
    if (policy?.enabled !== true) throw new RequestError('comments_disabled');
    return policy;
  }
  const refuseWhenDisabled: RequestHandler = async (_request, _response, next) => {
    await commentPolicy();
    next();
  };

  route(app, '/api/comment/new', {
    post: [
      refuseWhenDisabled,
      express.json({ limit: MAX_BODY_BYTES }),
      async (request, response) => {
        if (!request.is('application/json')) {
          throw new RequestError('unsupported_media_type', { message: 'Send the comment as application/json.' });
        }
        const { email, comment, content_id } = checked(newComment.safeParse(request.body));
        const contentId = String(content_id);
        await comments.add(contentId, { email, comment });
        response.json(commentCreated(contentId));
      },
    ],
  });

  route(app, '/api/comment/list/:id', {
    async get(request, response) {
      const { publicEmails } = await commentPolicy();
      const contentId = String(checked(newComment.shape.content_id.safeParse(request.params['id']), 'id'));
      const found = await comments.list(contentId);
      response.set('cache-control', 'no-cache');
      if (found.length === 0) {
        response.status(404).json(contentNotFound(contentId));
        return;
      }
      response.json(found.map(({ email, comment }) => ({ email: publicEmails ? email : maskedEmail(email), comment })));
    },
  });
}

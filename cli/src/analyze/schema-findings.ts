import { problemsOf, sentence } from '@voteapp/contracts/problems';
import type * as z from 'zod';

import type { Code } from './codes.ts';
import type { Found } from './found.ts';

type Issue = z.core.$ZodIssue;

function codeOf(issue: Issue): Code {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'VAP0010';
    case 'invalid_type':
      return issue.message.endsWith('received undefined') || issue.message === 'is required' ? 'VAP0011' : 'VAP0012';
    case 'invalid_union':
      return 'VAP0012';
    case 'invalid_value':
    case 'too_small':
    case 'too_big':
    case 'invalid_format':
      return 'VAP0013';
    default:
      return 'VAP0014';
  }
}

/** What a schema finds wrong, each with its code. */
export function schemaFindings(error: z.ZodError): Found[] {
  const problems = problemsOf(error);
  return error.issues.map((issue, index) => {
    const problem = problems[index];
    // A reader looks for the field that should not be there, and not for what holds it.
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
    return { code: codeOf(issue), path, message: problem === undefined ? issue.message : `${sentence(problem)}.` };
  });
}

/**
 * Every error code that a client of the HTTP interfaces can see, with its status and the sentence used when the place
 * that raises it has nothing more exact to say.
 */
export const ERRORS = {
  malformed_body: { status: 400, message: 'The body is not valid JSON; send a JSON object.' },
  invalid_field: { status: 400, message: 'A field of the request is missing or has the wrong type.' },
  unknown_option: { status: 400, message: 'The poll has no such option; GET /api/poll lists them.' },
  invalid_cookie: {
    status: 400,
    message: 'The voter cookie was not issued by this poll; a fresh one is set, so send the vote again.',
  },
  voter_not_taken: { status: 403, message: 'This poll does not take votes of that kind of voter.' },
  poll_not_open: { status: 403, message: 'The poll is not open yet.' },
  poll_closed: { status: 403, message: 'The poll is closed.' },
  poll_suspended: { status: 403, message: 'The poll is suspended; try again later.' },
  cross_site: { status: 403, message: 'A vote must come from the page of the poll itself.' },
  results_hidden: { status: 403, message: 'The results of this poll are not shown yet.' },
  comments_disabled: { status: 404, message: 'This poll takes no comments.' },
  not_found: { status: 404, message: 'There is nothing at this address.' },
  no_definition: { status: 404, message: 'The poll has no definition yet; the worker writes it when it starts.' },
  unknown_round: { status: 404, message: 'There is no round of that name; GET /api/rounds lists them.' },
  method_not_allowed: { status: 405, message: 'The method is not allowed for this address.' },
  request_timeout: { status: 408, message: 'The request did not arrive within 10 seconds.' },
  already_voted: { status: 409, message: 'You have voted already, and this poll counts the first vote.' },
  body_too_large: { status: 413, message: 'The body is larger than 8 KiB.' },
  voter_too_long: { status: 413, message: 'The voter is longer than 256 bytes.' },
  unsupported_media_type: { status: 415, message: 'Send the vote as application/json.' },
  internal: { status: 500, message: 'Something went wrong here; the log has the details.' },
  queue_unavailable: { status: 503, message: 'The vote could not be stored; try again in a moment.' },
  store_unavailable: { status: 503, message: 'The results cannot be read right now; try again in a moment.' },
  starting: { status: 503, message: 'The service is starting; try again in a moment.' },
} as const satisfies Record<string, { status: number; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorBody {
  error: { code: ErrorCode; message: string; field?: string };
}

/** A refusal that a client caused or must know of. Anything else that is thrown is answered as `internal`. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly field: string | undefined;

  constructor(code: ErrorCode, options: { message?: string; field?: string } = {}) {
    super(options.message ?? ERRORS[code].message);
    this.name = 'RequestError';
    this.code = code;
    this.status = ERRORS[code].status;
    this.field = options.field;
  }

  body(): ErrorBody {
    const { code, message, field } = this;
    return { error: field === undefined ? { code, message } : { code, message, field } };
  }
}

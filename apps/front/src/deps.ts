import type { KeyObject } from 'node:crypto';

import type { FrontConfig } from '@voteapp/contracts/env/front';
import type { Logger } from '@voteapp/kit/log';
import type { Comment } from '@voteapp/store/port';

import type { Reads } from './reads.ts';
import type { ResultsStream } from './results-stream.ts';

export interface Comments {
  add(contentId: string, comment: Comment): Promise<void>;
  /** Oldest first. */
  list(contentId: string): Promise<readonly Comment[]>;
}

/** What the routes work with. Counts are to be had as a RoundView only, which hides what must be hidden. */
export interface FrontDeps extends Pick<Reads, 'definition' | 'view' | 'rounds'> {
  readonly config: Pick<FrontConfig, 'PUBLIC_VOTE_URL'>;
  readonly sessionKey: KeyObject;
  readonly stream: ResultsStream;
  readonly comments: Comments;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

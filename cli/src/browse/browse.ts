import { once } from 'node:events';

import type { PollOptions } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Poll } from '../poll/poll.ts';
import { withPoll } from '../poll/with-poll.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type BrowseOutput, browseOutput } from './browse-output.ts';
import { openPage } from './open-page.ts';

export interface BrowseOptions extends PollOptions {
  /** False: the pages are not opened. */
  readonly open: boolean;
  readonly forward?: boolean;
  readonly output: 'text' | 'json' | 'yaml';
}

async function found(poll: Poll, { forward = false }: BrowseOptions): Promise<BrowseOutput> {
  const { name, namespace, isLocal, urls } = poll;
  const about = { name, namespace, local: isLocal };
  const { vote, results } = urls;
  if (vote !== undefined && results !== undefined && (isLocal || !forward)) {
    return browseOutput.parse({ ...about, forwarded: false, urls: { vote, results } });
  }
  const [voteAddress, resultsAddress] = await Promise.all([poll.address('vote'), poll.address('front')]);
  return browseOutput.parse({ ...about, forwarded: true, urls: { vote: voteAddress, results: resultsAddress } });
}

/** Shows where a poll is and opens it; where nobody reaches it from outside, leads there until Ctrl-C. */
export async function browse(name: string | undefined, options: BrowseOptions, terminal: Terminal): Promise<ExitCode> {
  return await withPoll(name, options, terminal, async (poll) => {
    const place = await found(poll, options);
    const { vote, results } = place.urls;
    const lines = [`Vote     ${vote}`, `Results  ${results}`];
    terminal.print(options.output === 'text' ? lines.join('\n') : formatted(place, options.output));
    if (options.open && terminal.isInteractive) for (const url of [results, vote]) openPage(url);
    if (!place.forwarded) return EXIT.ok;
    terminal.tell('Ctrl-C ends it.');
    const { signal } = terminal;
    if (!signal.aborted) {
      // The server of the forwarded ports keeps the process, and the signal ends it.
      await once(signal, 'abort');
    }
    return EXIT.ok;
  });
}

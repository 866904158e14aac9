import type { PublicPoll } from '@voteapp/contracts/http/poll';
import type { Results } from '@voteapp/contracts/http/results';

import { formatMoment } from './browser/figures.js';
import type { When } from './conditions.ts';
import { html, type Html } from './html.ts';
import { ribbon } from './pictures.ts';

/** Head of both pages: the state in words, the title, the times, the colours. */
export function stage(poll: PublicPoll, results: Results | null, when: When): Html {
  return html`<div class="measure">
      <p class="meta">
        <span class="pill" data-tone="soft" ${when('Scheduled')}>Not open yet</span
        ><span class="pill" data-tone="on" ${when('Open')}>Voting is open</span
        ><span class="pill" data-tone="soft" ${when('Suspended')}>Voting is paused</span
        ><span class="pill" data-tone="soft" ${when('Draining')}>Voting is closed</span
        ><span class="pill" data-tone="done" ${when('Final')}>Final result</span
        ><span class="live" data-live hidden></span>
      </p>
      <h1 dir="auto" data-title data-length="${poll.title.length > 60 && 'long'}">${poll.title}</h1>
      <p class="times" ${when('Scheduled opens')}>Opens ${moment(poll, 'opensAt')} ${toGo('opensAt')}</p>
      <p class="times" ${when('Open|Suspended closes')}>Closes ${moment(poll, 'closesAt')} ${toGo('closesAt')}</p>
      <p class="times" ${when('Draining|Final closes')}>Closed ${moment(poll, 'closesAt')}</p>
    </div>
    ${ribbon(poll.options, results)}`;
}

/** A time of the poll that the script keeps right. */
export function moment(poll: PublicPoll, name: 'opensAt' | 'closesAt'): Html {
  const time = poll[name];
  return html`<time data-moment="${name}" datetime="${time ?? ''}"
    >${time !== null && formatMoment(time, poll.timeZone)}</time
  >`;
}

// Filled in by the script: without it the number would stand still.
function toGo(name: 'opensAt' | 'closesAt'): Html {
  return html`<span class="to-go" data-to-go="${name}" role="timer" hidden></span>`;
}

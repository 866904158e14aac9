import type { PublicPoll } from '@voteapp/contracts/http/poll';
import type { Results } from '@voteapp/contracts/http/results';

import { formatCount, formatHour } from './browser/figures.js';
import { html, type Html } from './html.ts';
import { colorOf, stack } from './pictures.ts';

/** Votes cast per hour, newest first; the bars are as long as their part of the busiest hour. */
export function hoursTable({ options, timeZone }: PublicPoll, results: Results | null): Html {
  const hours = results?.hours ?? [];
  const busiest = Math.max(1, ...hours.map(({ cast }) => cast));
  const rows = hours.toReversed().map(
    (hour) =>
      html`<tr>
        <th scope="row">${formatHour(hour.hour, timeZone)}</th>
        <td>${formatCount(hour.cast)}</td>
        <td>
          <svg class="hour-bar" aria-hidden="true" focusable="false">
            ${stack(
              options,
              hour.options.map((cast) => cast / busiest),
            )}
          </svg>
        </td>
        ${hour.options.map((cast) => html`<td>${formatCount(cast)}</td>`)}
      </tr>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="hours">
    <table>
      <thead>
        <tr>
          <th scope="col">Hour</th>
          <th scope="col">Votes</th>
          <th scope="col"><span class="unseen">As a bar</span></th>
          ${options.map(
            ({ label }, index) =>
              html`<th scope="col" data-color="${colorOf(options, index)}"><bdi>${label}</bdi></th>`,
          )}
        </tr>
      </thead>
      <tbody data-hours>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

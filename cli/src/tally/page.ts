import { isAssumed } from '@voteapp/contracts/http/results';

import { shownTime } from '../on-air/plan.ts';
import { toned, type Tone } from '../terminal/colour.ts';
import { shownCount } from '../terminal/count.ts';
import { table } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { clipped, widthOf } from '../terminal/width.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { bar } from './bar.ts';
import type { TallyOutput } from './tally-output.ts';

type Look = Pick<Terminal, 'hasColour' | 'isInteractive' | 'columns'>;

const LONGEST_BAR = 40;
const SHORTEST_BAR = 8;
const GAP = 2;
/** The part of a line that labels may take. */
const LABEL_SHARE = 0.3;

function shownShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Lines of a table with a bar after each row; `parts` are of the longest bar, and the ones with the most stand out. */
function withBars(look: Look, lines: readonly string[], parts: readonly number[]): string[] {
  const width = Math.max(...lines.map((line) => widthOf(line)));
  const cells = Math.min(LONGEST_BAR, look.columns - width - GAP);
  const [head = '', ...rows] = lines;
  const most = Math.max(...parts);
  return [
    toned(look, 'faint', head),
    ...rows.map((row, at) => {
      const part = parts[at] ?? 0;
      if (cells < SHORTEST_BAR || part === 0) return row;
      const drawn = bar(part, cells);
      const space = ' '.repeat(width - widthOf(row) + GAP);
      return row + space + (part === most ? toned(look, 'good', drawn) : drawn);
    }),
  ];
}

function optionTable(options: NonNullable<TallyOutput['options']>, look: Look): string[] {
  const isLabelled = options.some(({ id, label }) => id !== label);
  const rows = options.map(({ id, label, votes, share }) => [
    id,
    ...(isLabelled ? [clipped(label, Math.floor(look.columns * LABEL_SHARE))] : []),
    shownCount(votes),
    shownShare(share),
  ]);
  const columns = [
    { title: 'OPTION' },
    ...(isLabelled ? [{ title: 'LABEL' }] : []),
    { title: 'VOTES', isNumber: true },
    { title: 'SHARE', isNumber: true },
  ];
  const most = Math.max(...options.map(({ share }) => share));
  const parts = options.map(({ share }) => (most === 0 ? 0 : share / most));
  return withBars(look, table(columns, rows), parts);
}

/** The hour on the clocks of a zone, as 2026-12-20 22:00. */
function shownHour(hour: string, timeZone: string): string {
  // Swedish dates are written so.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return format.format(new Date(hour));
}

function hourTable({ hours, options, timeZone }: TallyOutput, look: Look): string[] {
  if (hours === null || options === null) return [];
  if (hours.length === 0) return ['No vote has been cast yet.'];
  const number = { isNumber: true };
  const whole = [{ title: `HOUR (${timeZone})` }, { title: 'CAST', ...number }];
  const rowsOf = (isEach: boolean): string[] => {
    const columns = [...whole, ...(isEach ? options.map(({ id }) => ({ title: id, ...number })) : [])];
    const rows = hours.map(({ hour, cast, options: each }) => [
      shownHour(hour, timeZone),
      shownCount(cast),
      ...(isEach ? each.map((votes) => shownCount(votes)) : []),
    ]);
    return table(columns, rows);
  };
  const each = rowsOf(true);
  const fits = Math.max(...each.map((line) => widthOf(line))) <= look.columns;
  const most = Math.max(...hours.map(({ cast }) => cast));
  return withBars(
    look,
    fits ? each : rowsOf(false),
    hours.map(({ cast }) => (most === 0 ? 0 : cast / most)),
  );
}

function votes(count: number): string {
  return `${shownCount(count)} ${count === 1 ? 'vote' : 'votes'}`;
}

/** Whether the count may still change, and why. */
function verdict({ final, pending, state, timeZone }: TallyOutput): [text: string, tone: Tone] {
  if (final !== null) {
    const since = `since ${shownTime(Date.parse(final.at), timeZone)}`;
    if (isAssumed(final))
      return [`final (assumed) ${since}; the queue was empty and no vote had come for a minute`, 'strong'];
    const repair = final.version === 1 ? '' : `, version ${final.version}${final.reason ? `: ${final.reason}` : ''}`;
    return [`final ${since}${repair}`, 'strong'];
  }
  const waiting =
    pending === null
      ? 'it is not known how many votes wait'
      : pending === 0
        ? 'no vote waits'
        : `pending: ${votes(pending)} wait${pending === 1 ? 's' : ''} to be counted`;
  return [`${state}, not final; ${waiting}`, 'careful'];
}

function counts({ counted, cast, replaced, duplicates, rejected, late }: TallyOutput): string {
  const besides = [
    replaced > 0 ? `${shownCount(replaced)} replaced by a later or an earlier one of the same voter` : null,
    duplicates > 0 ? `${shownCount(duplicates)} sent twice` : null,
    rejected > 0 ? `${shownCount(rejected)} rejected` : null,
    late > 0 ? `${shownCount(late)} late` : null,
  ].filter((text) => text !== null);
  return `${votes(counted)} counted of ${shownCount(cast)} cast${besides.length === 0 ? '' : `; ${besides.join(', ')}`}.`;
}

/** What `voteapp tally` says of a round, in lines. */
export function tallyPage(tally: TallyOutput, look: Look, { byHour }: { readonly byHour: boolean }): string[] {
  const { title, name, round, options, hidden, asOf, timeZone } = tally;
  const [text, tone] = verdict(tally);
  const of = round === name ? name : `${name}, round ${round}`;
  const body = options === null ? [] : byHour ? hourTable(tally, look) : optionTable(options, look);
  return [
    ...wrapped(look, title).map((line) => toned(look, 'strong', line)),
    ...wrapped(look, `${of}: ${text}`, '  ').map((line) => toned(look, tone, line)),
    '',
    ...(hidden === null ? body : wrapped(look, `The votes per option are hidden: ${hidden}`)),
    '',
    ...wrapped(look, counts(tally)),
    toned(look, 'faint', `As of ${shownTime(Date.parse(asOf), timeZone)}.`),
  ];
}

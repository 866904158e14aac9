import { toned, type Tone } from '../terminal/colour.ts';
import { shownCount } from '../terminal/count.ts';
import { table } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { shownDistance, shownDuration } from '../terminal/time.ts';
import { clipped, widthOf } from '../terminal/width.ts';
import { wrapped } from '../terminal/wrapped.ts';
import type { StatusOutput } from './status-output.ts';
import { shownWindow } from './window.ts';

type Look = Pick<Terminal, 'hasColour' | 'isInteractive' | 'columns'>;
type Condition = StatusOutput['conditions'][number];
type Component = StatusOutput['components'][number];

const LABEL_WIDTH = 9;

/** The status that a condition has while nothing is the matter; of those that are not here, any. */
const AS_IT_SHOULD_BE: Readonly<Record<string, Condition['status']>> = {
  Ready: 'True',
  Progressing: 'False',
  Degraded: 'False',
  DatabaseReady: 'True',
  QueueReady: 'True',
  Paused: 'False',
  Hibernated: 'False',
  UpgradeAvailable: 'False',
};

const STATE_TONES = {
  Scheduled: 'careful',
  Open: 'good',
  Suspended: 'careful',
  Draining: 'careful',
  Final: 'strong',
} as const;

/** Lines of a field of the header, those after the first under it. */
function field(look: Look, label: string, text: string, tone?: Tone): string[] {
  const indent = ' '.repeat(LABEL_WIDTH + 2);
  const lines = wrapped(look, indent + text, indent).map((line) => line.slice(indent.length));
  return lines.map((line, at) => {
    const shown = tone === undefined ? line : toned(look, tone, line);
    return at === 0 ? `${toned(look, 'faint', label.padEnd(LABEL_WIDTH))}  ${shown}` : indent + shown;
  });
}

function readiness({ ready, conditions }: StatusOutput): [text: string, tone: Tone] {
  const message = conditions.find(({ type }) => type === 'Ready')?.message;
  if (ready === true) return ['yes', 'good'];
  if (ready === false) return [message === undefined ? 'no' : `no: ${message}`, 'bad'];
  return [message === undefined ? 'not known' : `not known: ${message}`, 'careful'];
}

function shownTally({ counted, leader, final, assumed }: NonNullable<StatusOutput['tally']>): string {
  const leads = leader === null ? '' : `, ${leader} ${final ? 'won' : 'leads'}`;
  const verdict = final ? `; final${assumed ? ' (assumed)' : ''}` : '';
  return `${shownCount(counted)} counted${leads}${verdict}`;
}

function header(status: StatusOutput, look: Look, now: number): string[] {
  const { name, namespace, local, round, state, urls, tally, version, revision, judgedRevision } = status;
  const place = local ? 'on this machine' : `in namespace ${namespace}`;
  const window = shownWindow(status, now);
  const lines = [
    `${toned(look, 'strong', name)} ${place}`,
    '',
    ...field(look, 'Ready', ...readiness(status)),
    ...field(look, 'Poll', state ?? 'not known', state === null ? 'careful' : STATE_TONES[state]),
  ];
  if (window !== '') lines.push(...field(look, 'When', window));
  if (round !== name) lines.push(...field(look, 'Round', round));
  if (judgedRevision !== null && judgedRevision < revision) {
    const text = `revision ${revision} is not judged by yet, ${judgedRevision} is`;
    lines.push(...field(look, 'Edit', text, 'careful'));
  }
  if (tally !== null) {
    lines.push(...field(look, 'Votes', shownTally(tally)));
  }
  if (urls.vote !== null) lines.push(...field(look, 'Vote at', urls.vote));
  if (urls.results !== null) lines.push(...field(look, 'Results', urls.results));
  if (version !== null) lines.push(...field(look, 'Release', version));
  return lines;
}

/** Its digest says nothing to a person who has its tag. */
function shortImage(image: string): string {
  const [named = image, digest] = image.split('@');
  return digest === undefined || named.includes(':', named.lastIndexOf('/')) ? named : image;
}

function componentTable(components: readonly Component[], look: Look, isWide: boolean): string[] {
  const hasImages = components.some(({ image }) => image !== null);
  const rows = components.map(({ name, ready, desired, image }) => {
    const tone = ready >= desired ? 'good' : ready === 0 ? 'bad' : 'careful';
    const shown = image === null ? '' : isWide ? image : shortImage(image);
    return [name, toned(look, tone, `${ready}/${desired}`), ...(hasImages ? [shown] : [])];
  });
  const titles = ['PART', 'READY', ...(hasImages ? ['IMAGE'] : [])];
  const [head = '', ...lines] = table(
    titles.map((title) => ({ title })),
    rows,
  );
  const fits = (line: string): string => (look.isInteractive && !isWide ? clipped(line, look.columns) : line);
  return [
    toned(look, 'faint', head),
    ...lines.flatMap((line, at) => {
      const message = components[at]?.message ?? null;
      if (message === null) return [fits(line)];
      return [fits(line), ...wrapped(look, `  ${message}`, '  ').map((part) => toned(look, 'careful', part))];
    }),
  ];
}

function toneOf({ type, status }: Condition): Tone {
  const expected = AS_IT_SHOULD_BE[type];
  if (expected === undefined || status === expected) return 'good';
  return status === 'Unknown' || expected === 'False' ? 'careful' : 'bad';
}

/** Two lines for each; one where the header has said the sentence already. */
function conditionLines(conditions: readonly Condition[], said: string | undefined, look: Look, now: number): string[] {
  const width = Math.max(...conditions.map(({ type }) => type.length));
  const statusWidth = Math.max(...conditions.map(({ status }) => status.length));
  return conditions.flatMap((condition) => {
    const { type, status, reason, message, since } = condition;
    const age = since === null ? '' : `, for ${shownDuration(now - Date.parse(since))}`;
    return [
      `${type.padEnd(width)}  ${toned(look, toneOf(condition), status.padEnd(statusWidth))}  ${reason}${toned(look, 'faint', age)}`,
      ...(message === said ? [] : wrapped(look, `  ${message}`, '  ')),
    ];
  });
}

function eventLines(events: NonNullable<StatusOutput['events']>, look: Look, now: number): string[] {
  const ages = events.map(({ at }) => (at === null ? '' : shownDistance(Date.parse(at), now)));
  const width = Math.max(...ages.map((age) => widthOf(age)));
  return events.flatMap(({ type, reason, note, count }, at) => {
    const times = count > 1 ? ` ×${shownCount(count)}` : '';
    const word = type === 'Normal' ? reason : toned(look, 'careful', reason);
    return [`${(ages[at] ?? '').padEnd(width)}  ${word}${times}`, ...wrapped(look, `  ${note}`, '  ')];
  });
}

function section(look: Look, title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', toned(look, 'faint', title), ...lines];
}

/** What `voteapp status` says of a poll, in lines. `now` in ms since the epoch. */
export function statusPage(
  status: StatusOutput,
  look: Look,
  { isWide, now }: { readonly isWide: boolean; readonly now: number },
): string[] {
  const { components, conditions, events, next } = status;
  // Of Ready, the header has said the same already.
  const remarkable = conditions.filter(({ type, status: holds }) =>
    type === 'Ready' ? false : (AS_IT_SHOULD_BE[type] ?? holds) !== holds,
  );
  const shown = isWide ? conditions : remarkable;
  const said = status.ready === true ? undefined : conditions.find(({ type }) => type === 'Ready')?.message;
  return [
    ...header(status, look, now),
    ...(components.length === 0 ? [] : ['', ...componentTable(components, look, isWide)]),
    ...section(look, 'CONDITIONS', shown.length === 0 ? [] : conditionLines(shown, said, look, now)),
    ...section(look, 'EVENTS', events === null || events.length === 0 ? [] : eventLines(events, look, now)),
    '',
    ...wrapped(look, next),
  ];
}

/** A line for each poll. */
export function statusTable(polls: readonly StatusOutput[], look: Look): string[] {
  const rows = polls.map(({ namespace, name, ready, state, tally, urls, version }) => {
    const word = ready === null ? 'unknown' : ready ? 'yes' : 'no';
    return [
      namespace,
      name,
      toned(look, ready === null ? 'careful' : ready ? 'good' : 'bad', word),
      state ?? '',
      tally === null ? '' : shownCount(tally.counted),
      version ?? '',
      urls.vote ?? '',
    ];
  });
  const titles = ['NAMESPACE', 'NAME', 'READY', 'POLL', 'VOTES', 'RELEASE', 'VOTE AT'];
  const columns = titles.map((title) => ({ title, isNumber: title === 'VOTES' }));
  return table(columns, rows).map((line) => (look.isInteractive ? clipped(line, look.columns) : line));
}

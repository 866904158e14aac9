import type { Acceptance, Ledger, Vote } from './ledger.ts';
import { OPTIONS } from './ledger.ts';
import { entryKey, type Policy, replay, type Replay } from './replay.ts';
import type { Stored } from './stored.ts';

export interface Checked {
  readonly ledger: Pick<Ledger, 'votes' | 'acceptances' | 'wrongAnswers'>;
  readonly stored: Stored;
  readonly policy: Policy;
  /** The tag of a voter or of an id, base64url. */
  readonly tagOf: (kind: 'named' | 'id', value: string) => string;
  /** Voters whom the case has brought into the queue by itself. */
  readonly guests?: ReadonlySet<string>;
  /** Entries of messages that the case has made wrong on purpose. */
  readonly setAside?: number;
}

export interface Findings {
  /** Accepted votes that are not applied. */
  readonly lost: number;
  /** Votes applied, or counted, more often than they may be. */
  readonly doubled: number;
  /** Each a sentence that begins with its invariant. None: all hold. */
  readonly broken: string[];
}

/** Examples of a list in a sentence. */
function some(items: readonly string[]): string {
  return `${items.length} (${items.slice(0, 3).join('; ')}${items.length > 3 ? '; …' : ''})`;
}

/** I1: every vote that was answered 202 is in a committed batch and applied, or repeats one that is. */
function lostVotes({ ledger, stored, tagOf }: Checked, model: Replay): Acceptance[] {
  return ledger.acceptances.filter(({ vote, seq }) => {
    if (!model.settled.has(entryKey(tagOf('named', vote.voter), seq, vote.choice))) return true;
    return vote.id !== null && !stored.ids.has(tagOf('id', vote.id));
  });
}

/** Sums over the whole round; what was set aside whole is in them, but for bytes that cannot be read: they name no round. */
function wrongTotals({ stored, setAside = 0 }: Checked, { totals }: Replay): string[] {
  const whole = [...stored.setAside.values()].reduce((sum, entries) => sum + entries, 0);
  const named = whole - (stored.setAside.get('malformed_message') ?? 0);
  const expected = { ...totals, accepted: totals.accepted + named, rejected: totals.rejected + named };
  const found = (Object.keys(expected) as (keyof typeof expected)[]).flatMap((name) => {
    const [is, be] = [stored.totals[name], expected[name]];
    return is === be ? [] : [`the sum of ${name} is ${is}, the rows are ${be}`];
  });
  if (whole !== setAside) found.push(`${whole} entries were set aside with their messages, not ${setAside}`);
  return found;
}

/** I2: whatever is added up or kept beside the batches is what the batches come to. */
function differences(checked: Checked, model: Replay): string[] {
  const { stored, policy } = checked;
  const found: string[] = [];
  for (const [choice, expected] of model.counts) {
    const row = stored.counts.find((count) => count.choice === choice) ?? { votes: 0, cast: 0 };
    if (row.votes !== expected.votes)
      found.push(`option ${choice} counts ${row.votes} votes, its rows are ${expected.votes}`);
    if (row.cast !== expected.cast)
      found.push(`option ${choice} counts ${row.cast} cast, its rows are ${expected.cast}`);
  }
  for (const key of new Set([...model.minutes.keys(), ...stored.minutes.keys()])) {
    const [is, be] = [stored.minutes.get(key) ?? 0, model.minutes.get(key) ?? 0];
    if (is !== be) found.push(`minute and option ${key} count ${is}, the rows are ${be}`);
  }
  const missingIds = [...model.ids].filter((id) => !stored.ids.has(id)).length;
  if (missingIds > 0 || stored.ids.size !== model.ids.size) {
    found.push(`${stored.ids.size} ids are kept, ${model.ids.size} were applied`);
  }
  if (policy !== 'Unlimited' && stored.votes.size !== model.votes.size) {
    found.push(`${stored.votes.size} voters have a row, ${model.votes.size} have voted`);
  }
  const { oddities } = model;
  return [
    ...found,
    ...wrongTotals(checked, model),
    ...(oddities.length > 0 ? [`the log is not what it can be: ${some(oddities)}`] : []),
  ];
}

/** I3: nothing is stored that was not sent. */
function foreign({ ledger, tagOf, guests = new Set() }: Checked, model: Replay): string[] {
  const sent = new Set(ledger.votes.map(({ voter }) => tagOf('named', voter)));
  const refused = Map.groupBy(ledger.votes, ({ voter }) => tagOf('named', voter));
  return [...model.applied.keys()].filter((voter) => {
    if (guests.has(voter)) return false;
    return !sent.has(voter) || refused.get(voter)!.every(({ possible }) => possible === 0);
  });
}

/** I4, by the rows: the policy has picked every voter's vote. */
function wrongChoices({ stored, policy }: Checked, model: Replay): string[] {
  if (policy === 'Unlimited') return [];
  return [...model.votes].flatMap(([voter, { choice, seq }]) => {
    const row = stored.votes.get(voter);
    if (row === undefined) return [`${voter} has no row`];
    return row.choice === choice && row.seq === seq
      ? []
      : [`${voter} has ${row.choice} of ${row.seq}, not ${choice} of ${seq}`];
  });
}

/** I4, by the answers: no accepted vote beats the stored one, and no two votes of a replica share a place. */
function wrongPlaces({ ledger, stored, policy, tagOf }: Checked): string[] {
  const found: string[] = [];
  for (const [by, given] of Map.groupBy(ledger.acceptances, (acceptance) => acceptance.by)) {
    const places = new Set(given.map(({ seq }) => seq));
    if (places.size < given.length) found.push(`${given.length - places.size} votes share a place at ${by}`);
  }
  if (policy === 'Unlimited') return found;
  for (const { vote, seq } of ledger.acceptances) {
    // The second acceptance of an id is of the vote that the first one was of.
    if (vote.id !== null && vote.possible > 1) continue;
    const row = stored.votes.get(tagOf('named', vote.voter));
    if (row === undefined) continue;
    const beaten = policy === 'LastVoteWins' ? seq > row.seq : seq < row.seq;
    if (beaten) found.push(`${vote.voter} has the vote of ${row.seq}, though that of ${seq} was accepted`);
    else if (seq === row.seq && vote.choice !== row.choice)
      found.push(`${vote.voter} has ${row.choice} for ${vote.choice}`);
  }
  return found;
}

function doubledVotes({ ledger, stored, tagOf }: Checked, model: Replay): number {
  const applicable = (votes: readonly Vote[]): number =>
    votes.reduce((sum, { id, possible }) => sum + (id === null ? possible : Math.min(1, possible)), 0);
  let doubled = 0;
  for (const [voter, votes] of Map.groupBy(ledger.votes, (vote) => vote.voter)) {
    doubled += Math.max(0, (model.applied.get(tagOf('named', voter)) ?? 0) - applicable(votes));
  }
  for (const { choice, votes, cast } of stored.counts) {
    const expected = model.counts.get(choice) ?? { votes: 0, cast: 0 };
    doubled += Math.max(0, votes - expected.votes, cast - expected.cast);
  }
  return doubled;
}

/** Holds a store that has nothing more to come against what was sent and answered: I1 to I5 of the matrix. */
export function checkInvariants(checked: Checked): Findings {
  const { ledger, stored, policy } = checked;
  const model = replay(stored.batches, policy, OPTIONS.length);
  const lost = lostVotes(checked, model);
  const doubled = doubledVotes(checked, model);
  const strangers = foreign(checked, model);
  const choices = [...wrongChoices(checked, model), ...wrongPlaces(checked)];
  // What is wrong for a voter comes before what is odd in the books.
  const broken: string[] = [];
  if (lost.length > 0) broken.push(`I1 accepted and not applied: ${some(lost.map(({ vote }) => vote.voter))}`);
  if (doubled > 0) broken.push(`I2 applied or counted once too often: ${doubled}`);
  if (strangers.length > 0) broken.push(`I3 stored and not sent: ${some(strangers)}`);
  if (choices.length > 0) broken.push(`I4 not the vote that the policy picks: ${some(choices)}`);
  broken.push(...differences(checked, model).map((difference) => `I2 ${difference}`));
  for (const answer of ledger.wrongAnswers) broken.push(`I5 an answer that no vote may have: ${answer}`);
  return { lost: lost.length, doubled, broken };
}

import type { Check, Found } from './found.ts';
import { foundIf } from './found.ts';

const LONG_RETENTION_DAYS = 365;

/** When the poll opens and closes. */
const times: Check = ({ spec: { poll, primeTime } }, { now }) => {
  const { closesAt, results } = poll;
  const isOpenEnded = closesAt === undefined;
  return [
    ...foundIf(
      closesAt !== undefined && Date.parse(closesAt) <= now,
      'VAP0101',
      'spec.poll.closesAt',
      `The poll closed at ${closesAt}.`,
    ),
    ...foundIf(isOpenEnded, 'VAP0102', 'spec.poll', 'The poll has no closesAt.'),
    ...foundIf(
      isOpenEnded && results.visibility === 'AfterClose',
      'VAP0105',
      'spec.poll.results.visibility',
      'Results are shown AfterClose, and the poll has no closesAt.',
    ),
    ...foundIf(
      isOpenEnded && primeTime !== undefined,
      'VAP0111',
      'spec.primeTime',
      'There is prime time, and the poll has no closesAt.',
    ),
    ...foundIf(poll.suspend, 'VAP0108', 'spec.poll.suspend', 'The poll is suspended.'),
  ];
};

/** Who votes, and how often. */
const voters: Check = ({ spec: { poll } }) => {
  const { policy } = poll;
  const kinds = poll.voters.join(' and ');
  return [
    ...foundIf(
      policy !== 'Unlimited',
      'VAP0103',
      'spec.poll.policy',
      `${policy} counts one vote of each voter, and ${kinds} voters can be made up.`,
    ),
    ...foundIf(policy === 'Unlimited', 'VAP0104', 'spec.poll.policy', 'The policy is Unlimited.'),
  ];
};

const options: Check = ({ spec: { poll } }) => {
  const first = new Map<string, string>();
  return poll.options.flatMap(({ id, label }, index): Found[] => {
    const path = ['spec', 'poll', 'options', index];
    if (label === undefined) return [{ code: 'VAP0106', path, message: `Option ${id} has no label.` }];
    const shown = label.trim().toLowerCase();
    const other = first.get(shown);
    if (other === undefined) {
      first.set(shown, id);
      return [];
    }
    const message = `Options ${other} and ${id} have the same label, ${label}.`;
    return [{ code: 'VAP0107', path: [...path, 'label'], message }];
  });
};

const privacy: Check = ({ spec: { poll } }) => [
  ...foundIf(
    poll.retentionDays > LONG_RETENTION_DAYS,
    'VAP0109',
    'spec.poll.retentionDays',
    `What is stored of voters is kept for ${poll.retentionDays} days.`,
  ),
  ...foundIf(
    poll.comments.enabled && poll.comments.publicEmails,
    'VAP0110',
    'spec.poll.comments.publicEmails',
    'Comments are shown with their e-mails in full.',
  ),
];

export const POLL_CHECKS: readonly Check[] = [times, voters, options, privacy];

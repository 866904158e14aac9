import type { FaultCase } from './case.ts';
import type { Mutant } from './mutants.ts';
import type { Outcome } from './run-case.ts';

/** What a run has found, as it is kept between runs. A sentence stands for what could not be run. */
export interface Results {
  readonly machine: string;
  /** Of the source, in the order in which they were tried. */
  readonly revisions: readonly string[];
  readonly cases: Record<string, Outcome | string>;
  readonly mutants: Record<string, { readonly caught: boolean; readonly said: string }>;
}

function recovery({ recoveryMs }: Outcome): string {
  return recoveryMs === null ? '–' : `${(recoveryMs / 1_000).toFixed(1)} s`;
}

/** One line for whoever watches. */
export function outcomeLine(outcome: Outcome | string): string {
  if (typeof outcome === 'string') return outcome;
  const { verdict, hits, sent, accepted, refused, unknown, lost, doubled, seconds, reasons } = outcome;
  const numbers = `${hits} hits, ${sent} sent, ${accepted} accepted, ${refused} refused, ${unknown} unknown, ${lost} lost, ${doubled} doubled`;
  const why = reasons.map((reason) => `\n    ${reason}`).join('');
  return `${verdict} in ${seconds.toFixed(0)} s: ${numbers}, recovery ${recovery(outcome)}${why}`;
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

function caseRow({ id, on, fault, demands }: FaultCase, outcome: Outcome | string | undefined): string {
  const what = demands === undefined ? fault : `${fault}. ${demands}`;
  if (outcome === undefined) return row([id, on, what, 'not run', ...Array.from({ length: 9 }, () => '')]);
  if (typeof outcome === 'string') return row([id, on, what, outcome, ...Array.from({ length: 9 }, () => '')]);
  const { verdict, hits, sent, accepted, refused, unknown, again, lost, doubled } = outcome;
  return row([id, on, what, verdict, hits, sent, accepted, refused, unknown, again, lost, doubled, recovery(outcome)]);
}

/** docs/reference/faults.md */
export function faultsPage(results: Results, cases: readonly FaultCase[], mutants: readonly Mutant[]): string {
  const heads = ['hits', 'sent', 'accepted', 'refused', 'unknown', 'again', 'lost', 'doubled', 'recovery'];
  return `# Faults

<!-- Written by \`npm run faults -- --results <file>\`, then the same with \`--write\`; do not edit. -->

${results.machine}; revision ${results.revisions.join(' and ')}; load generator, services and servers share the machine.

A case sends votes at a rate that does not depend on the answers, does something to the system meanwhile, waits until the
queue is empty and no transaction open, and reads the store by its own SQL. It passes when

- **I1** every vote that was answered 202 is applied;
- **I2** counters, sums and minutes are what the stored batches come to, and nothing is applied or counted twice;
- **I3** nothing is stored that was not sent;
- **I4** the vote of each voter is the one that the policy picks, and no two votes of a replica share a place;
- **I5** there was no answer but 202, 4xx, 503 with \`Retry-After\`, or a broken connection;
- **I6** no process took more than 512 MiB;
- **I7** votes are accepted and counted within 250 ms (99 of 100) again, 10 s after the fault at the latest, unless the
  case gives a reason for longer;

and what it demands beside them is met. A time that is exceeded is void, not a failure, where the machine itself was slow:
1 of 100 votes took over 125 ms before the fault, or 1 of 100 ticks of the load generator came over 50 ms late. A case is
void, not passed, unless 10 votes under way or crash points were hit, at most 2 % of the votes have no answer, and its share
of them (95 % unless the case says otherwise) was accepted.

*refused*: the last answer was 4xx or 503; *unknown*: there was none; *again*: attempts after the first, for a vote whose
answer left it open is sent again for 20 s. *recovery*: from the end of the fault to the first half second
in which I7 holds.

${row(['case', 'on', 'what happens, and what is demanded', 'verdict', ...heads])}
${row(['---', '---', '---', '---', ...heads.map(() => '---:')])}
${cases.map((each) => caseRow(each, results.cases[`${each.id} ${each.on} ${each.fault}`])).join('\n')}

## Mutants

Each is the product with one safety removed. The case must fail with it, and by what the safety prevents.

${row(['mutant', 'what is missing', 'shown by', 'caught', 'what shows it'])}
${row(['---', '---', '---', '---', '---'])}
${mutants
  .map(({ id, missing, shownBy }) => {
    const { caught, said } = results.mutants[id] ?? { caught: null, said: '' };
    return row([id, missing, shownBy.id, caught === null ? 'not run' : caught ? 'yes' : 'NO', said]);
  })
  .join('\n')}
`;
}

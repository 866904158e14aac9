import { figure } from '../print.ts';
import type { Report } from '../report.ts';
import { FACTS } from '../rows/recount.ts';
import { paragraph, table } from './markdown.ts';
import { ASSUMED, bottlenecks, onPaper, type Slopes } from './paper.ts';

const RATES = [25_000, 100_000, 1_000_000];
/** The rows that the slopes come from. */
const MEASURED = { cpu: 'deployed-LastVoteWins', stored: 'recount' };

/** null: the report has not the rows that it takes. */
function slopesOf(rows: Report['rows']): Slopes | null {
  const cpu = rows[MEASURED.cpu]?.contestants[1]?.cpuByPart;
  const facts = rows[MEASURED.stored]?.facts;
  if (cpu === undefined || facts === undefined) return null;
  const of = (part: string): number => cpu[part] ?? Number.NaN;
  return {
    cpuByPart: {
      vote: of('vote'),
      worker: of('worker'),
      front: of('front'),
      rabbitmq: of('rabbitmq'),
      mysql: of('mysql'),
    },
    shardVotesPerSecond: facts[FACTS.shardVotesPerSecond] ?? Number.NaN,
    bytesPerVoter: facts[FACTS.bytesPerVoter] ?? Number.NaN,
    bytesPerVote: facts[FACTS.bytesPerVote] ?? Number.NaN,
  };
}

/** What larger polls need, reckoned from what was measured here. */
export function paperSection(rows: Report['rows']): string[] {
  const slopes = slopesOf(rows);
  const heading = '## On paper: 25,000 to 1,000,000 votes a second';
  if (slopes === null) {
    return [heading, `Not reckoned: the report has not both of \`${MEASURED.cpu}\` and \`${MEASURED.stored}\`.`];
  }
  const papers = RATES.map((rate) => onPaper(slopes, rate));
  const line = (what: string, pick: (paper: (typeof papers)[number]) => number): string[] => {
    return [what, ...papers.map((paper) => figure(pick(paper)))];
  };
  const limits = bottlenecks(slopes);
  const [first] = limits;
  const { use, brokers, coreHour, databaseCores, coresPerBroker, shards } = ASSUMED;
  return [
    heading,
    paragraph(
      'Reckoned, not measured: each vote goes on costing what it cost here, nothing is used beyond',
      `${use * 100} %, a queue has ${brokers} members that each write what the leader writes, a core costs ${coreHour} € an hour.`,
    ),
    table(
      ['', ...RATES.map((rate) => `${figure(rate)}/s`)],
      [
        line('vote replicas (a thread each)', ({ voteReplicas }) => voteReplicas),
        line('shards, with a worker each', (paper) => paper.shards),
        line('cores of workers', ({ workerCores }) => workerCores),
        line(`cores of ${brokers} brokers`, ({ brokerCores }) => brokerCores),
        line('MiB/s that brokers write', ({ brokerMiBPerSecond }) => brokerMiBPerSecond),
        line('cores of the database', (paper) => paper.databaseCores),
        line('MiB/s that the database keeps', ({ databaseMiBPerSecond }) => databaseMiBPerSecond),
        line('cores, all', ({ cores }) => cores),
        line('€ for a million votes, CPU alone', ({ costPerMillion }) => costPerMillion),
      ],
    ),
    paragraph(
      `What breaks first: ${first?.what ?? ''}, at ${figure(first?.votesPerSecond ?? 0)} votes a second.`,
      'Vote replicas, workers and fronts can be added; these cannot:',
    ),
    table(
      ['', 'bears votes/s'],
      limits.map(({ what, votesPerSecond }) => [what, figure(votesPerSecond)]),
    ),
    paragraph(
      `Taken for granted: a database of ${databaseCores} cores, brokers of ${coresPerBroker}, and ${shards} shards, the most that \`poll.shards\``,
      'takes. Beyond, a poll would need several databases, which the product does not have.',
    ),
  ];
}

/** What was measured of one vote, from which larger polls are reckoned. */
export interface Slopes {
  /** CPU-µs of one counted vote. */
  readonly cpuByPart: Readonly<Record<'vote' | 'worker' | 'front' | 'rabbitmq' | 'mysql', number>>;
  /** Votes a second that one worker takes from one shard, with millions stored. */
  readonly shardVotesPerSecond: number;
  /** Bytes that the database keeps of a voter, and of a vote in the message that brought it. */
  readonly bytesPerVoter: number;
  readonly bytesPerVote: number;
}

/** What the reckoning takes for granted; none of it is measured. */
export const ASSUMED = {
  /** How far anything is used, so that a burst finds room. */
  use: 0.6,
  brokers: 3,
  coresPerBroker: 16,
  databaseCores: 32,
  /** `poll.shards` goes no further. */
  shards: 64,
  /** Price of a core for an hour, €. */
  coreHour: 0.04,
} as const;

export interface Paper {
  readonly votesPerSecond: number;
  readonly voteReplicas: number;
  readonly shards: number;
  readonly workerCores: number;
  /** Of all brokers together. */
  readonly brokerCores: number;
  readonly brokerMiBPerSecond: number;
  readonly databaseCores: number;
  readonly databaseMiBPerSecond: number;
  readonly cores: number;
  /** €, of CPU alone. */
  readonly costPerMillion: number;
}

const MIB = 2 ** 20;

/** What a poll of so many votes a second needs, if each goes on costing what it was measured to cost. */
export function onPaper(slopes: Slopes, votesPerSecond: number): Paper {
  const { cpuByPart, shardVotesPerSecond, bytesPerVote, bytesPerVoter } = slopes;
  const { use, brokers, coreHour } = ASSUMED;
  const coresOf = (micros: number): number => (votesPerSecond * micros) / 1e6 / use;
  const vote = coresOf(cpuByPart.vote);
  const worker = coresOf(cpuByPart.worker);
  // Each member of a quorum queue writes all that the leader writes.
  const broker = coresOf(cpuByPart.rabbitmq) * brokers;
  const database = coresOf(cpuByPart.mysql);
  const cores = vote + worker + broker + database + coresOf(cpuByPart.front);
  return {
    votesPerSecond,
    // A replica is one thread.
    voteReplicas: Math.max(2, Math.ceil(vote)),
    shards: Math.ceil(votesPerSecond / (shardVotesPerSecond * use)),
    workerCores: worker,
    brokerCores: broker,
    brokerMiBPerSecond: (votesPerSecond * bytesPerVote * brokers) / MIB,
    databaseCores: database,
    databaseMiBPerSecond: (votesPerSecond * (bytesPerVote + bytesPerVoter)) / MIB,
    cores,
    costPerMillion: ((cores * 1e6) / votesPerSecond / 3_600) * coreHour,
  };
}

export interface Bottleneck {
  readonly what: string;
  /** Votes a second at which it is used as far as it shall be. */
  readonly votesPerSecond: number;
}

/** What cannot be had more of, from the one that breaks first. Vote replicas, front and workers can be. */
export function bottlenecks({ cpuByPart, shardVotesPerSecond }: Slopes): Bottleneck[] {
  const { use, brokers, coresPerBroker, databaseCores, shards } = ASSUMED;
  const votesOf = (cores: number, micros: number): number => (cores * use * 1e6) / micros;
  return [
    {
      what: `the one database server, of ${databaseCores} cores`,
      votesPerSecond: votesOf(databaseCores, cpuByPart.mysql),
    },
    {
      what: `${brokers} brokers of ${coresPerBroker} cores`,
      votesPerSecond: votesOf(coresPerBroker, cpuByPart.rabbitmq),
    },
    { what: `${shards} shards, the most a poll has`, votesPerSecond: shards * shardVotesPerSecond * use },
  ].toSorted((a, b) => a.votesPerSecond - b.votesPerSecond);
}

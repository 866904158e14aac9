import type { Level } from './levels.ts';

export interface CodeMeaning {
  readonly level: Level;
  /** In a few words. */
  readonly title: string;
  /** What it does to a poll, in a sentence. */
  readonly meaning: string;
  /** What to do, in a sentence: it stands below each finding. */
  readonly advice: string;
}

function code(level: Level, title: string, meaning: string, advice: string): CodeMeaning {
  return { level, title, meaning, advice };
}

/**
 * Everything that `voteapp analyze` may find; `docs/reference/analyze.md` is made of it. A code never changes its meaning
 * and is never given again. By hundreds: the file and the schema, the poll, the pods, the way in, the data, a peak.
 */
export const CODES = {
  VAP0001: code(
    'Error',
    'not YAML',
    'The text cannot be read as YAML.',
    'Correct the line; two spaces indent, tabs do not.',
  ),
  VAP0002: code(
    'Error',
    'no VotingApp',
    'Nothing in the text is of kind VotingApp.',
    'Write `kind: VotingApp` and `apiVersion: voteapp.dev/v1alpha1`.',
  ),
  VAP0003: code(
    'Error',
    'same name twice',
    'Two resources of one name in one namespace: the last one applied is what is there.',
    'Name one of them otherwise.',
  ),
  VAP0010: code(
    'Error',
    'unknown field',
    'The API server refuses fields that it does not know.',
    'Look its name up in docs/reference/votingapp.md; case counts.',
  ),
  VAP0011: code('Error', 'missing field', 'A field is absent that has no default.', 'Add the field.'),
  VAP0012: code(
    'Error',
    'wrong type',
    'A field is of another type than it must be, often for want of quotes.',
    'Write it as docs/reference/votingapp.md has it.',
  ),
  VAP0013: code(
    'Error',
    'value not allowed',
    'A value is none of those that a field may have, or out of its bounds.',
    'Choose one that docs/reference/votingapp.md allows.',
  ),
  VAP0014: code(
    'Error',
    'broken rule',
    'A field breaks a rule that the API server judges by: of its form, or beside other fields.',
    'Do as the rule says; docs/reference/votingapp.md has all of them.',
  ),

  VAP0101: code(
    'Warning',
    'closed already',
    'The poll closes at a moment that is past, so it takes no votes.',
    'Set spec.poll.closesAt to a later moment, or leave it out.',
  ),
  VAP0102: code(
    'Info',
    'no close',
    'The poll has no closesAt: it is open, and its result not final, until somebody closes it.',
    'Set spec.poll.closesAt, or close it with `voteapp poll close`.',
  ),
  VAP0103: code(
    'Info',
    'once per voter is a courtesy',
    'Nobody proves who votes: who deletes a cookie, or takes another name, is another voter.',
    'Take the result for a mood rather than an election, or have something in front tell voters apart.',
  ),
  VAP0104: code(
    'Info',
    'every vote counts',
    'Under the policy Unlimited a script counts as often as it votes.',
    'Limit rates in front of the poll, and watch the votes per minute while it is open.',
  ),
  VAP0105: code(
    'Warning',
    'results never shown',
    'Results are shown after the close, and no close is set.',
    'Set spec.poll.closesAt, or know that `voteapp poll close` shows them.',
  ),
  VAP0106: code(
    'Info',
    'option without a label',
    'Voters read the id of an option.',
    'Give each option the label that voters are to read.',
  ),
  VAP0107: code(
    'Warning',
    'same label twice',
    'Voters cannot tell two options apart.',
    'Give each option a label of its own.',
  ),
  VAP0108: code(
    'Warning',
    'suspended',
    'The poll is suspended: every vote is refused.',
    'Remove spec.poll.suspend, or resume it with `voteapp poll resume`.',
  ),
  VAP0109: code(
    'Info',
    'voters kept for long',
    'What is stored of voters is kept for more than a year after the final result.',
    'Lower spec.poll.retentionDays: the numbers stay, whatever it is.',
  ),
  VAP0110: code(
    'Warning',
    'e-mails shown in full',
    'The e-mail of every comment is public.',
    'Set spec.poll.comments.publicEmails to false: they are shown masked.',
  ),
  VAP0111: code(
    'Warning',
    'prime time without end',
    'Prime time lasts until every vote is counted, and no close is set.',
    'Set spec.poll.closesAt, so that the pods of prime time go again.',
  ),

  VAP0201: code(
    'Warning',
    'a single pod',
    'One pod serves voters or viewers and has no PodDisruptionBudget: while its node is drained nobody does.',
    'Run two or more pods of it.',
  ),
  VAP0202: code(
    'Warning',
    'a single worker in prime time',
    'While the only worker is replaced nothing is counted, though nothing is lost.',
    'Set spec.worker.replicas to 2: the second takes over within seconds.',
  ),
  VAP0203: code(
    'Warning',
    'a single broker in prime time',
    'While the only RabbitMQ node is away every vote is refused.',
    'Set spec.queue.rabbitmq.replicas to 3: any one of them may be lost.',
  ),
  VAP0204: code(
    'Info',
    'a single database',
    'The managed database survives a crash, and not the loss of its disk.',
    'Back it up, or name an external database that is replicated.',
  ),
  VAP0205: code(
    'Warning',
    'autoscaler without CPU requests',
    'The autoscaler measures use in percent of the requested CPU, and none is requested: it never scales.',
    'Set resources.requests.cpu of that service.',
  ),
  VAP0206: code(
    'Info',
    'CPU limit',
    'At its CPU limit a service is stopped for a part of each 100 ms: voters wait though the node has time.',
    'Leave limits.cpu out, and request the CPU that is needed.',
  ),
  VAP0207: code(
    'Info',
    'pods side by side',
    'All pods of a service may be on one node, and go with it.',
    'Leave scheduling.topologySpread at Preferred.',
  ),
  VAP0208: code(
    'Info',
    'idle workers',
    'Each queue has one worker at a time: beyond the number of shards workers stand by.',
    'Lower spec.worker.replicas, or raise spec.poll.shards for a new round.',
  ),
  VAP0209: code(
    'Warning',
    'asleep at the open',
    'The poll hibernates and its opening is ahead: without pods nobody can vote.',
    'Remove spec.hibernate before the poll opens.',
  ),
  VAP0210: code(
    'Warning',
    'release follows the operator',
    'An upgrade of the operator replaces the pods of the poll, in prime time too.',
    'Set spec.version to the release that was rehearsed.',
  ),

  VAP0301: code(
    'Warning',
    'without TLS',
    'Voters and viewers are led in unencrypted: votes and cookies can be read and changed on their way.',
    'Set spec.expose.tls.enabled to true.',
  ),
  VAP0302: code(
    'Info',
    'not reached from outside',
    'Nothing leads voters into the cluster.',
    'Set spec.expose, or reach the poll with `voteapp browse`.',
  ),
  VAP0303: code(
    'Info',
    'certificate from elsewhere',
    'No annotation asks cert-manager for the certificates, so somebody else must make their Secrets.',
    'Name one with spec.expose.tls.secretName, or annotate the Ingresses with cert-manager.io/cluster-issuer.',
  ),
  VAP0304: code(
    'Warning',
    'network open',
    'Without NetworkPolicies every pod of the cluster reaches the database, the broker and the metrics.',
    'Leave spec.networkPolicy.enabled true, and say who may come in.',
  ),
  VAP0305: code(
    'Warning',
    'server without TLS',
    'Passwords and votes cross the network to a server outside unencrypted.',
    'Set tls.enabled of that server to true; name SQS by https.',
  ),
  VAP0306: code(
    'Info',
    'egress to anywhere',
    'Services that use a server outside may reach any address on its port.',
    'Set spec.networkPolicy.egressTo to where the server is.',
  ),
  VAP0307: code(
    'Warning',
    'image may change',
    'An image without a tag, or with the tag latest, is another one tomorrow.',
    'Name it by its release or its digest.',
  ),
  VAP0308: code(
    'Warning',
    'Service open to the network',
    'A Service of that type lets voters past the Ingress and its TLS.',
    'Leave its type at ClusterIP where an Ingress or a Gateway leads to it.',
  ),
  VAP0309: code(
    'Info',
    'talkative',
    'At this level each request is logged: a peak of votes becomes a peak of log lines.',
    'Set spec.logLevel to Info before the poll opens.',
  ),

  VAP0401: code(
    'Warning',
    'data goes with the resource',
    'Deleting the resource deletes every vote and every password.',
    'Leave spec.deletionPolicy at Retain.',
  ),
  VAP0402: code(
    'Warning',
    'broker’s volume smaller than its queues',
    'The queues may hold more than the volume: once it is full RabbitMQ takes nothing more, for any shard.',
    'Raise spec.queue.rabbitmq.storage.size; a volume grows in place and never shrinks.',
  ),

  VAP0500: code(
    'Info',
    'what the peak needs',
    'What a rate of votes needs, by the measurements below.',
    'Rehearse it with votes before the poll opens.',
  ),
  VAP0501: code(
    'Warning',
    'too few vote pods',
    'The vote service is below what the rate needs when it comes.',
    'Raise spec.primeTime.vote.replicas, or spec.vote.replicas: an autoscaler needs minutes for more pods.',
  ),
  VAP0502: code(
    'Warning',
    'too few shards',
    'The queues, or the workers that each have one, are below what the rate needs.',
    'Raise spec.poll.shards: it is fixed once the round has begun.',
  ),
  VAP0503: code(
    'Warning',
    'too few workers',
    'The workers are below what the rate needs, or the last of them has no stand-in.',
    'Raise spec.worker.replicas.',
  ),
  VAP0504: code(
    'Warning',
    'broker’s volume too small for an outage',
    'While the database is away the votes wait in the queue, and its volume is full before the time is over.',
    'Raise spec.queue.rabbitmq.storage.size.',
  ),
  VAP0505: code(
    'Warning',
    'database’s volume too small',
    'The votes of the poll fill the volume of the database.',
    'Raise spec.database.managed.storage.size.',
  ),
  VAP0506: code(
    'Warning',
    'too little CPU requested',
    'A part is not sure of the CPU that the rate needs: on a full node it gets what it requests.',
    'Raise resources.requests.cpu of that part.',
  ),
} as const satisfies Readonly<Record<`VAP${number}`, CodeMeaning>>;

export type Code = keyof typeof CODES;

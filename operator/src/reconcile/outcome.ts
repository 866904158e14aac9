import { LONGEST_MESSAGE } from '@voteapp/contracts/resource/status';

/** Why something is not as it was asked to be: `reason` for programs, `message` names the object and the cause. */
export interface Problem {
  readonly reason: Reason;
  readonly message: string;
}

export function isProblem(found: object): found is Problem {
  return 'reason' in found;
}

/** Every reason that a condition or an event may give, with what it says. The reference page is made of it. */
export const REASONS = {
  AdoptionRefused: 'An object of a name that is needed belongs to somebody else.',
  Answers: 'It answers.',
  ApplyFailed: 'The API server refused an object.',
  AsAsked: 'It is as it was asked to be.',
  BeingDeleted: 'An object that is needed is being deleted; it is made anew afterwards.',
  CountAssumed: 'The queue, of SQS, was empty by its own account, and no vote had come for a minute.',
  Counted: 'Every accepted vote is counted.',
  Counting: 'Accepted votes wait to be counted.',
  Current: 'The services are of the operator’s own release.',
  DatabaseUnavailable: 'The database does not answer the worker.',
  DefinitionPending: 'An edit of the poll has not reached the services yet.',
  DeleteFailed: 'The API server refused to delete an object.',
  DriftCorrected: 'Somebody changed an object, and it was changed back.',
  FollowsOperator: 'No release is pinned.',
  Hibernated: 'No pods run, as asked for.',
  HibernationRefused: 'The poll is open, or votes wait to be counted.',
  ImmutableFieldChanged: 'A field would have to change that Kubernetes never lets change.',
  InvalidSpec: 'The resource is not valid.',
  KindNotServed: 'A kind of object that is needed is not installed.',
  NoAnswer: 'It does not answer.',
  NotAsked: 'It was not asked for.',
  NotKnown: 'Nothing could be heard of it.',
  ObjectsChanged: 'Objects were created, changed or removed.',
  Open: 'The poll takes votes.',
  PodsNotReady: 'Pods are missing or not ready.',
  QueueNotFound: 'The RabbitmqCluster is not there or has not told where it is.',
  QueueUnavailable: 'The queue does not answer the vote service.',
  Ready: 'Every part runs.',
  ReconcileDisabled: 'The annotation voteapp.dev/reconcile: disabled is set.',
  RollingOut: 'Pods are being replaced or added.',
  ServicesUnreachable: 'The services run, and the operator cannot reach them.',
  SecretIncomplete: 'A Secret lacks keys.',
  SecretMissing: 'A Secret that is needed is not there.',
  Starting: 'It has not been ready yet.',
  Scheduled: 'The poll is not open yet.',
  Suspended: 'The poll is suspended.',
  Draining: 'The poll is closed, and votes wait to be counted.',
  Final: 'The result is final.',
  UnsupportedVersion: 'The pinned release is none that this operator runs.',
  UpdateAvailable: 'The pinned release is older than the operator’s.',
} as const;

export type Reason = keyof typeof REASONS;

/** A message, cut where a status would not take it: with it, the whole status would be refused. */
export function fitting(message: string): string {
  // Half a character would come back from the server as another.
  return message.slice(0, LONGEST_MESSAGE).toWellFormed();
}

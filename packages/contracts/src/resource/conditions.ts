/** Every condition of a VotingApp, with what it says when its status is True. */
export const CONDITIONS = {
  Ready: 'Every part runs as asked for and takes votes; while hibernated or paused it is as it was asked to be.',
  Progressing: 'The operator is bringing the cluster to what was asked for.',
  Degraded: 'Users notice: a part that is needed is down or short of pods.',
  DatabaseReady: 'The database answers the worker.',
  QueueReady: 'The queue takes votes.',
  Open: 'The poll takes votes.',
  Final: 'Every accepted vote is counted, and the result no longer changes.',
  Paused: 'The annotation voteapp.dev/reconcile: disabled keeps the operator from changing anything.',
  Hibernated: 'spec.hibernate is true, and no pods run.',
  UpgradeAvailable: 'spec.version pins a release older than the operator’s.',
} as const;

export type ConditionType = keyof typeof CONDITIONS;
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** One condition, as metav1.Condition. Its reason is CamelCase; its message names the object and the cause. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  /** When `status` last changed, RFC 3339 in whole seconds. */
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

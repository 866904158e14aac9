/** What a release of the operator runs. */
export interface Release {
  /** As "1.2.0"; its services have the same. */
  readonly version: string;
  /** Images by tag or digest. */
  readonly images: Readonly<Record<ImageName, string>>;
}

export type ImageName = 'vote' | 'worker' | 'front' | 'mysql' | 'mariadb' | 'rabbitmq';

/** Where a RabbitmqCluster is reached, as its status says. */
export interface RabbitmqClusterBinding {
  readonly host: string;
  /** Secret with the keys `username` and `password`. */
  readonly secret: string;
}

/** What the objects of a VotingApp depend on beside the VotingApp itself. */
export interface Facts {
  readonly release: Release;
  /** Namespace of the operator's pods, which the NetworkPolicies let in. */
  readonly operatorNamespace: string;
  /** Whether it is prime time: from `leadTimeSeconds` before the open until every vote is counted. */
  readonly isPrimeTime: boolean;
  /** Whether hibernation was asked for and granted. */
  readonly isHibernated: boolean;
  /** Keyed hash of the Secrets that the services read at their start; null where there is nothing to roll by. */
  readonly secretsHash: string | null;
  /** Of the RabbitmqCluster that the queue is; null before it has told. */
  readonly rabbitmqCluster: RabbitmqClusterBinding | null;
}

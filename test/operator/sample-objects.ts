/** The objects of every VotingApp, without its database and queue. */
export function servicesOf(name: string): string[] {
  return [
    ...['vote', 'worker', 'front'].flatMap((service) => [
      `Deployment ${name}-${service}-server`,
      `NetworkPolicy ${name}-${service}-server`,
      `Service ${name}-${service}-service`,
      `ServiceAccount ${name}-${service}-server`,
    ]),
    `ConfigMap ${name}-poll`,
    `NetworkPolicy ${name}-default-deny`,
    `PodDisruptionBudget ${name}-front-server`,
    `PodDisruptionBudget ${name}-vote-server`,
    `Secret ${name}-voteapp-secret`,
  ];
}

function serverOf(name: string, server: 'mysql' | 'rabbitmq'): string[] {
  return [
    `NetworkPolicy ${name}-${server}`,
    `Service ${name}-${server}-nodes`,
    `Service ${name}-${server}-service`,
    `ServiceAccount ${name}-${server}`,
    `StatefulSet ${name}-${server}`,
  ];
}

export const databaseOf = (name: string) => serverOf(name, 'mysql');
const queueOf = (name: string) => [...serverOf(name, 'rabbitmq'), `ConfigMap ${name}-rabbitmq-settings`];
const usual = (name: string) => [...servicesOf(name), ...databaseOf(name), ...queueOf(name)];

/** What becomes of a sample. */
export interface Sample {
  /** As "Deployment smallest-vote-server". */
  readonly objects: readonly string[];
  /** How many pods each of its parts has. */
  readonly pods: Readonly<Record<string, number>>;
  readonly urls?: object;
}

const USUAL_PODS = { vote: 2, worker: 1, front: 2, mysql: 1, rabbitmq: 1 };
const { mysql: _, rabbitmq: __, ...SERVICE_PODS } = USUAL_PODS;

/** By the names of the files in manifests/samples. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  smallest: { objects: usual('smallest'), pods: USUAL_PODS },
  'coca-pepsi': { objects: usual('coca-pepsi'), pods: USUAL_PODS },
  comments: { objects: usual('comments'), pods: USUAL_PODS },
  ingress: {
    objects: [...usual('ingress'), 'Ingress ingress-vote-ingress', 'Ingress ingress-front-ingress'],
    pods: USUAL_PODS,
    urls: { vote: 'https://vote.example.com', results: 'https://results.example.com' },
  },
  gateway: {
    objects: [
      ...usual('gateway'),
      'HTTPRoute gateway-vote-route',
      'HTTPRoute gateway-front-route',
      'PodMonitor gateway-voteapp',
    ],
    pods: USUAL_PODS,
    urls: { vote: 'https://vote.example.com', results: 'https://results.example.com' },
  },
  external: { objects: servicesOf('external'), pods: SERVICE_PODS },
  sqs: { objects: [...servicesOf('sqs'), ...databaseOf('sqs')], pods: { ...SERVICE_PODS, mysql: 1 } },
  'prime-time': {
    objects: [
      ...usual('prime-time'),
      'HorizontalPodAutoscaler prime-time-vote-server',
      'PodDisruptionBudget prime-time-worker-server',
      'PodDisruptionBudget prime-time-rabbitmq',
    ],
    pods: { vote: 4, worker: 2, front: 3, mysql: 1, rabbitmq: 3 },
  },
};

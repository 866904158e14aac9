import {
  type BadResource,
  bad,
  REQUIRED,
  WRONG_TYPE,
  UNSUPPORTED,
  NO_MATCH,
  TOO_LONG,
  TOO_MANY,
  UNKNOWN,
  opensAt,
  tolerating,
  manyLabels,
  manyAnnotations,
} from './case.ts';

const QUALIFIED = 'must have keys such as app or example.com/app';

export const BAD_SERVICES: Readonly<Record<string, BadResource>> = {
  'no replicas': bad(
    { vote: { replicas: 0 } },
    'spec.vote.replicas',
    'must be at least 1',
    'should be greater than or equal to 1',
  ),
  'an autoscaler for the worker': bad(
    { worker: { autoscaling: { mode: 'HPA', maxReplicas: 3 } } },
    'spec.worker.autoscaling',
    'is unknown',
    UNKNOWN,
  ),
  'autoscaling without a mode': bad(
    { vote: { autoscaling: { maxReplicas: 3 } } },
    'spec.vote.autoscaling.mode',
    'must be one of None, HPA',
    REQUIRED,
  ),
  'an autoscaler without a limit': bad(
    { vote: { autoscaling: { mode: 'HPA' } } },
    'spec.vote.autoscaling.maxReplicas',
    'is required with mode HPA',
  ),
  'an autoscaler that begins above its end': bad(
    { front: { autoscaling: { mode: 'HPA', minReplicas: 4, maxReplicas: 3 } } },
    'spec.front.autoscaling.minReplicas',
    'must not be above maxReplicas',
  ),
  'two owners of the replicas': bad(
    { vote: { replicas: 3, autoscaling: { mode: 'HPA', maxReplicas: 9 } } },
    'spec.vote.replicas',
    'must be absent with autoscaling.mode HPA; use autoscaling.minReplicas',
  ),
  'an image with a space': bad(
    { worker: { image: 'voteapp/worker latest' } },
    'spec.worker.image',
    'must be an image such as registry.example.com/voteapp/vote:1.2.0',
    NO_MATCH,
  ),
  'an image of 513 characters': bad(
    { worker: { image: 'x'.repeat(513) } },
    'spec.worker.image',
    'must have at most 512 characters',
    TOO_LONG,
  ),
  'memory in an unknown unit': bad(
    { front: { resources: { requests: { memory: '256MB' } } } },
    'spec.front.resources.requests.memory',
    'must be a quantity such as 256Mi',
    NO_MATCH,
  ),
  'CPU as a fraction without quotes': bad(
    { front: { resources: { requests: { cpu: 0.5 } } } },
    'spec.front.resources.requests.cpu',
    'must be a quantity such as 500m',
    WRONG_TYPE,
  ),
  'more CPU requested than allowed': bad(
    { vote: { resources: { requests: { cpu: '1500m' }, limits: { cpu: 1 } } } },
    'spec.vote.resources.requests.cpu',
    'must not be above limits.cpu',
  ),
  'more memory requested than allowed': bad(
    { vote: { resources: { requests: { memory: '1Gi' }, limits: { memory: '1G' } } } },
    'spec.vote.resources.requests.memory',
    'must not be above limits.memory',
  ),
  'a type of Service that there is not': bad(
    { front: { service: { type: 'ExternalName' } } },
    'spec.front.service.type',
    'must be one of ClusterIP, NodePort, LoadBalancer',
    UNSUPPORTED,
  ),
  'an annotation without a name': bad(
    { vote: { service: { annotations: { 'example.com/': 'x' } } } },
    'spec.vote.service.annotations',
    QUALIFIED,
  ),
  'an annotation of 4097 characters': bad(
    { vote: { podAnnotations: { note: 'x'.repeat(4097) } } },
    'spec.vote.podAnnotations.note',
    'must have at most 4096 characters',
    TOO_LONG,
  ),
  '33 annotations': bad(
    { vote: { podAnnotations: manyAnnotations } },
    'spec.vote.podAnnotations',
    'must have at most 32 entries',
    TOO_MANY,
  ),
  'a label with a space': bad({ vote: { podLabels: { 'my team': 'tv' } } }, 'spec.vote.podLabels', QUALIFIED),
  'a value of a label with a space': bad(
    { vote: { podLabels: { team: 'a b' } } },
    'spec.vote.podLabels.team',
    'must be letters, digits, dots, dashes or underscores, a letter or digit at both ends',
    NO_MATCH,
  ),
  '17 labels': bad(
    { vote: { podLabels: manyLabels } },
    'spec.vote.podLabels',
    'must have at most 16 entries',
    TOO_MANY,
  ),
  'a label that selects the pods': bad(
    { worker: { podLabels: { 'app.kubernetes.io/name': 'mine' } } },
    'spec.worker.podLabels',
    'must leave app.kubernetes.io/ and voteapp.dev/ to the operator',
  ),
  'a toleration of no key': bad(
    tolerating({ value: 'x' }),
    'spec.vote.scheduling.tolerations[0].operator',
    'must be Exists when there is no key',
  ),
  'a toleration of any value and one': bad(
    tolerating({ key: 'a', operator: 'Exists', value: 'x' }),
    'spec.vote.scheduling.tolerations[0].value',
    'must be absent with operator Exists',
  ),
  'a toleration of seconds without an eviction': bad(
    tolerating({ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }),
    'spec.vote.scheduling.tolerations[0].tolerationSeconds',
    'must be absent unless effect is NoExecute',
  ),
  'a toleration of a key with a space': bad(
    tolerating({ key: 'my taint', operator: 'Exists' }),
    'spec.vote.scheduling.tolerations[0].key',
    'must be a key such as app or example.com/app',
    NO_MATCH,
  ),
  'affinity, which there is not': bad(
    { vote: { scheduling: { affinity: {} } } },
    'spec.vote.scheduling.affinity',
    'is unknown',
    UNKNOWN,
  ),
  'prime time without an opening': bad(
    { primeTime: { vote: { replicas: 9 } } },
    'spec.primeTime',
    'needs spec.poll.opensAt, the moment that it leads up to',
  ),
  'prime time of nothing': bad(
    { poll: { opensAt }, primeTime: { leadTimeSeconds: 60 } },
    'spec.primeTime',
    'must say the replicas of vote, front or both',
  ),
  'prime time with fewer pods that take votes': bad(
    { poll: { opensAt }, vote: { replicas: 9 }, primeTime: { vote: { replicas: 8 } } },
    'spec.primeTime.vote.replicas',
    'must not be below what spec.vote has at other times',
  ),
  'prime time with fewer pods than there are by default': bad(
    { poll: { opensAt }, primeTime: { front: { replicas: 1 } } },
    'spec.primeTime.front.replicas',
    'must not be below what spec.front has at other times',
  ),
  'prime time with fewer pods than an autoscaler leaves': bad(
    {
      poll: { opensAt },
      vote: { autoscaling: { mode: 'HPA', minReplicas: 5, maxReplicas: 9 } },
      primeTime: { vote: { replicas: 4 } },
    },
    'spec.primeTime.vote.replicas',
    'must not be below what spec.vote has at other times',
  ),
  'prime time beyond the autoscaler of vote': bad(
    {
      poll: { opensAt },
      vote: { autoscaling: { mode: 'HPA', maxReplicas: 9 } },
      primeTime: { vote: { replicas: 10 } },
    },
    'spec.primeTime.vote.replicas',
    'must not be above spec.vote.autoscaling.maxReplicas',
  ),
  'prime time beyond the autoscaler of front': bad(
    {
      poll: { opensAt },
      front: { autoscaling: { mode: 'HPA', maxReplicas: 9 } },
      primeTime: { front: { replicas: 10 } },
    },
    'spec.primeTime.front.replicas',
    'must not be above spec.front.autoscaling.maxReplicas',
  ),
};

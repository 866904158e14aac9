import type { Check } from './found.ts';
import { foundIf } from './found.ts';
import { partsAtPeak } from './parts.ts';

/** What one lost pod takes with it. */
const redundancy: Check = (app) => {
  const { spec } = app;
  const isPrime = spec.primeTime !== undefined;
  return partsAtPeak(app).flatMap(({ part, replicas, section }) => {
    const isSingle = replicas.min === 1;
    switch (part) {
      case 'vote':
      case 'front':
        return foundIf(isSingle, 'VAP0201', section, `The ${part} service has one pod.`);
      case 'worker':
        return foundIf(isSingle && isPrime, 'VAP0202', section, 'There is prime time, and one worker.');
      case 'rabbitmq':
        return foundIf(isSingle && isPrime, 'VAP0203', section, 'There is prime time, and one RabbitMQ node.');
      case 'mysql':
        return foundIf(true, 'VAP0204', 'spec.database', 'The database is one managed instance.');
    }
  });
};

const cpu: Check = (app) =>
  partsAtPeak(app).flatMap(({ part, replicas, cpuRequest, cpuLimit, section }) => [
    ...foundIf(
      replicas.max !== undefined && cpuRequest === undefined,
      'VAP0205',
      `${section}.resources`,
      `The ${part} service is scaled by its use of CPU, and requests none.`,
    ),
    ...foundIf(
      cpuLimit !== undefined,
      'VAP0206',
      `${section}.resources.limits.cpu`,
      `The CPU of ${part} is limited to ${cpuLimit}.`,
    ),
  ]);

const placing: Check = ({ spec }) =>
  (['vote', 'front', 'worker'] as const).flatMap((service) =>
    foundIf(
      spec[service]?.scheduling?.topologySpread === 'None',
      'VAP0207',
      `spec.${service}.scheduling.topologySpread`,
      `Pods of the ${service} service are not spread over nodes.`,
    ),
  );

const operation: Check = ({ spec }, { now }) => {
  const { poll, worker, primeTime } = spec;
  const { replicas = 1 } = worker ?? {};
  const { opensAt } = poll;
  const isAhead = opensAt !== undefined && Date.parse(opensAt) > now;
  return [
    ...foundIf(
      // One more than there are shards stands in for any of the others.
      replicas > poll.shards + 1,
      'VAP0208',
      'spec.worker.replicas',
      `There are ${replicas} workers for ${poll.shards} shard${poll.shards === 1 ? '' : 's'}.`,
    ),
    ...foundIf(
      spec.hibernate === true && isAhead,
      'VAP0209',
      'spec.hibernate',
      `The poll hibernates, and opens at ${opensAt}.`,
    ),
    ...foundIf(
      primeTime !== undefined && spec.version === undefined,
      'VAP0210',
      'spec.primeTime',
      'There is prime time, and spec.version is absent.',
    ),
  ];
};

export const POD_CHECKS: readonly Check[] = [redundancy, cpu, placing, operation];

import type { Check } from './found.ts';
import { foundIf } from './found.ts';

const CERT_MANAGER = 'cert-manager.io/';

const certificates: Check = ({ spec: { expose } }) => {
  if (expose?.type !== 'Ingress' || expose.tls?.enabled !== true) return [];
  const isAsked = Object.keys(expose.ingress?.annotations ?? {}).some((key) => key.startsWith(CERT_MANAGER));
  return foundIf(
    expose.tls.secretName === undefined && !isAsked,
    'VAP0303',
    'spec.expose.tls',
    'The Ingresses have TLS, and nothing says where the certificates come from.',
  );
};

const wayIn: Check = ({ spec: { expose } }) => {
  const type = expose?.type ?? 'None';
  const hasTls = expose?.tls?.enabled === true;
  return [
    ...foundIf(type !== 'None' && !hasTls, 'VAP0301', 'spec.expose', `The ${type} leads in without TLS.`),
    ...foundIf(
      type === 'None' && expose?.hosts === undefined,
      'VAP0302',
      'spec.expose',
      'The poll is not reached from outside the cluster.',
    ),
  ];
};

const services: Check = ({ spec }) =>
  (['vote', 'front', 'worker'] as const).flatMap((name) => {
    const type = spec[name]?.service?.type ?? 'ClusterIP';
    return foundIf(
      type !== 'ClusterIP' && (name === 'worker' || (spec.expose?.type ?? 'None') !== 'None'),
      'VAP0308',
      `spec.${name}.service.type`,
      `The Service of ${name} is a ${type}${name === 'worker' ? ', and nobody outside needs it' : ''}.`,
    );
  });

const servers: Check = ({ spec }) => {
  const { database, queue } = spec;
  const outside = [
    ['spec.database.external', 'The database', database?.external],
    ['spec.queue.externalRabbitmq', 'The RabbitMQ', queue?.externalRabbitmq],
    ['spec.queue.rabbitmqCluster', 'The RabbitmqCluster', queue?.rabbitmqCluster],
  ] as const;
  const isPlain = queue?.sqs?.endpoint?.startsWith('http:') === true;
  return [
    ...outside.flatMap(([path, name, server]) =>
      foundIf(server !== undefined && server.tls?.enabled !== true, 'VAP0305', path, `${name} is reached without TLS.`),
    ),
    ...foundIf(isPlain, 'VAP0305', 'spec.queue.sqs.endpoint', 'SQS is reached without TLS.'),
  ];
};

const network: Check = ({ spec: { networkPolicy, database, queue } }) => {
  const isOutside = [database?.external, queue?.externalRabbitmq, queue?.sqs].some((server) => server !== undefined);
  const isEnabled = networkPolicy?.enabled !== false;
  return [
    ...foundIf(!isEnabled, 'VAP0304', 'spec.networkPolicy.enabled', 'There are no NetworkPolicies.'),
    ...foundIf(
      isEnabled && isOutside && networkPolicy?.egressTo === undefined,
      'VAP0306',
      'spec.networkPolicy',
      'There is a server outside, and egressTo is absent.',
    ),
  ];
};

function mayChange(image: string): boolean {
  return !image.includes('@') && /(^|\/)[^/:]+(:latest)?$/.test(image);
}

const images: Check = ({ spec }) => {
  const named = [
    ['spec.vote', spec.vote?.image],
    ['spec.worker', spec.worker?.image],
    ['spec.front', spec.front?.image],
    ['spec.database.managed', spec.database?.managed?.image],
    ['spec.queue.rabbitmq', spec.queue?.rabbitmq?.image],
  ] as const;
  return named.flatMap(([path, image]) =>
    foundIf(image !== undefined && mayChange(image), 'VAP0307', `${path}.image`, `The image ${image} may change.`),
  );
};

const logging: Check = ({ spec: { logLevel } }) =>
  foundIf(logLevel === 'Debug' || logLevel === 'Trace', 'VAP0309', 'spec.logLevel', `The log level is ${logLevel}.`);

export const EXPOSURE_CHECKS: readonly Check[] = [wayIn, certificates, services, servers, network, images, logging];

import { describe, expect, test } from 'vitest';

import { objectsOf } from './fixtures/objects.ts';

function brokerOf(replicas: 1 | 3) {
  const objects = objectsOf({ queue: { type: 'RabbitMQ', rabbitmq: { replicas } } });
  const { data = {} } = objects.get('ConfigMap', 'shop-rabbitmq-settings');
  const [[file, text]] = Object.entries(data) as [[string, string]];
  const settings = Object.fromEntries(
    text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' = ') as [string, string]])),
  );
  const container = objects.container('rabbitmq');
  const env = new Map(container.env?.map((variable) => [variable.name, variable]));
  return { objects, file, settings, container, env };
}

test('one node is no cluster, and waits for nobody', () => {
  const { settings, container } = brokerOf(1);
  expect(Object.keys(settings).filter((name) => name.startsWith('cluster_formation'))).toEqual([]);
  expect(container.lifecycle).toBeUndefined();
});

describe('three nodes', () => {
  const { objects, settings, env, container } = brokerOf(3);

  test('know each other by the names that their pods give themselves', () => {
    const nodes = Object.entries(settings)
      .filter(([name]) => name.startsWith('cluster_formation.classic_config.nodes.'))
      .map(([, node]) => node);
    const { metadata, spec } = objects.get('StatefulSet', 'shop-rabbitmq');
    const own = [0, 1, 2].map((ordinal) =>
      env.get('RABBITMQ_NODENAME')?.value?.replace('$(POD_NAME)', `${metadata?.name}-${ordinal}`),
    );
    expect(nodes).toEqual(own);
    expect(nodes[0]).toBe(`rabbit@shop-rabbitmq-0.${spec?.serviceName}.show`);
    expect([spec?.replicas, env.get('RABBITMQ_USE_LONGNAME')?.value]).toEqual([3, 'true']);
  });

  test('each hold a copy of every queue, also of one from the time of a single node', () => {
    expect(settings).toMatchObject({
      'quorum_queue.continuous_membership_reconciliation.enabled': 'true',
      'quorum_queue.continuous_membership_reconciliation.target_group_size': '3',
    });
  });

  test('leave one by one, when the others have a majority, before they are killed', () => {
    const command = container.lifecycle?.preStop?.exec?.command?.at(-1) ?? '';
    expect(command).toMatch(/await_online_quorum_plus_one.*drain/);
    const seconds = [...command.matchAll(/--timeout (\d+)/g)].map(([, text]) => Number(text));
    const grace = objects.pod('rabbitmq').spec.terminationGracePeriodSeconds ?? 0;
    expect(seconds.reduce((sum, each) => sum + each)).toBeLessThan(grace);
  });
});

test('its settings are read, and a change of them restarts it', () => {
  const [one, three] = [brokerOf(1), brokerOf(3)];
  const { volumes } = one.objects.pod('rabbitmq').spec;
  const mount = one.container.volumeMounts?.find(({ mountPath }) => mountPath.startsWith('/etc/rabbitmq/conf.d/'));
  const volume = volumes?.find(({ name }) => name === mount?.name);
  expect(volume?.configMap?.name).toBe('shop-rabbitmq-settings');
  expect([mount?.mountPath, mount?.subPath]).toEqual([`/etc/rabbitmq/conf.d/${one.file}`, one.file]);
  const hashes = [one, three].map(
    ({ objects }) => objects.pod('rabbitmq').metadata?.annotations?.['voteapp.dev/configuration'],
  );
  expect(hashes).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), expect.not.stringContaining(hashes[0]!)]);
});

test('a worker may hold its messages for hours while the database is away', () => {
  expect(Number(brokerOf(1).settings['consumer_timeout'])).toBe(12 * 3_600_000);
});

test('its user is the services’, with a password of the Secret, as is the cookie of its nodes', () => {
  const { env } = brokerOf(3);
  expect(env.get('RABBITMQ_DEFAULT_USER')?.value).toBe('voteapp');
  const secrets = ['RABBITMQ_DEFAULT_PASS', 'RABBITMQ_ERLANG_COOKIE'].map(
    (name) => env.get(name)?.valueFrom?.secretKeyRef,
  );
  expect(secrets).toEqual([
    { name: 'shop-voteapp-secret', key: 'rabbitmq_password' },
    { name: 'shop-voteapp-secret', key: 'rabbitmq_erlang_cookie' },
  ]);
});

test('its pods stay as they are while it hibernates, so that nothing restarts twice', () => {
  const queue = { type: 'RabbitMQ', rabbitmq: { replicas: 3 } };
  const [awake, asleep] = [objectsOf({ queue }), objectsOf({ queue }, { isHibernated: true })];
  expect(asleep.pod('rabbitmq')).toEqual(awake.pod('rabbitmq'));
});

test.each([
  { type: 'ExternalRabbitMQ', externalRabbitmq: { host: 'mq.example.com', secretRef: { name: 'login' } } },
  { type: 'RabbitmqCluster', rabbitmqCluster: { name: 'shared' } },
  { type: 'SQS', sqs: { region: 'eu-west-1' } },
])('a queue of the type $type is not run', (queue) => {
  const objects = objectsOf({ queue });
  expect(objects.namesOf('StatefulSet')).toEqual(['shop-mysql']);
  expect(objects.all.filter(({ metadata }) => metadata.name.includes('rabbitmq'))).toEqual([]);
});

import { readFile } from 'node:fs/promises';

import { LABELS, OPERATOR_LABEL } from '@voteapp/contracts/cluster-objects';
import { PORTS } from '@voteapp/contracts/ports';
import { OWN_RULES, WATCHED_RULES } from '@voteapp/operator/rbac';
import { expect } from 'vitest';

import type { Values } from './helm.ts';
import type { Release } from './release.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SUBJECTS = [{ kind: 'ServiceAccount', name: 'voteapp-operator', namespace: 'voteapp-system' }];
export const SELECTOR = { [LABELS.name]: OPERATOR_LABEL, [LABELS.instance]: 'voteapp' };
const OWN = [
  'Deployment voteapp-system/voteapp-operator',
  'NetworkPolicy voteapp-system/voteapp-operator',
  'Role voteapp-system/voteapp-operator-leader-election',
  'RoleBinding voteapp-system/voteapp-operator-leader-election',
  'ServiceAccount voteapp-system/voteapp-operator',
];
const CRD = 'CustomResourceDefinition votingapps.voteapp.dev';

export async function text(file: string): Promise<string> {
  return await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
}

export const { version: VERSION } = JSON.parse(await text('package.json')) as { version: string };

function tcp(...ports: readonly number[]) {
  return ports.map((port) => ({ protocol: 'TCP', port }));
}

export const RENDERED: Readonly<Record<string, readonly [values: Values, check: (release: Release) => void]>> = {
  'by default the operator may do its work in every namespace, and people have their part': [
    {},
    (release) => {
      const wide = ['ClusterRole voteapp-operator', 'ClusterRoleBinding voteapp-operator'];
      const people = ['admin', 'editor', 'viewer'].map((role) => `ClusterRole votingapp-${role}`);
      expect(release.names()).toEqual([...OWN, ...wide, ...people, CRD].sort());
      expect(release.the('ClusterRole', 'voteapp-operator')['rules']).toEqual(WATCHED_RULES);
      expect(release.the('ClusterRoleBinding')).toMatchObject({
        roleRef: { kind: 'ClusterRole', name: 'voteapp-operator' },
        subjects: SUBJECTS,
      });
      expect(release.the('Role')['rules']).toEqual(OWN_RULES);
      expect(release.the('RoleBinding')).toMatchObject({
        roleRef: { kind: 'Role', name: 'voteapp-operator-leader-election' },
        subjects: SUBJECTS,
      });
      expect(release.container).not.toHaveProperty('args');
    },
  ],
  'by default there is one pod, restricted, probed and with nothing to write to': [
    {},
    (release) => {
      expect(release.the('Deployment').spec).toMatchObject({ replicas: 1, selector: { matchLabels: SELECTOR } });
      expect(release.pod.metadata.labels).toMatchObject(SELECTOR);
      expect(release.pod.spec).toMatchObject({
        serviceAccountName: 'voteapp-operator',
        automountServiceAccountToken: true,
        terminationGracePeriodSeconds: 30,
        securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(release.container).toMatchObject({
        image: `voteapp-operator:${VERSION}`,
        imagePullPolicy: 'IfNotPresent',
        resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '128Mi' } },
        ports: [{ name: 'admin', containerPort: PORTS.admin }],
        startupProbe: { httpGet: { path: '/healthz', port: 'admin' } },
        livenessProbe: { httpGet: { path: '/healthz', port: 'admin' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'admin' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      });
      for (const field of ['topologySpreadConstraints', 'affinity', 'nodeSelector', 'tolerations', 'priorityClassName'])
        expect(release.pod.spec).not.toHaveProperty(field);
    },
  ],
  'by default the environment is that of the release': [
    {},
    (release) => {
      expect(release.environment).toEqual({
        POD_NAMESPACE: undefined,
        POD_NAME: undefined,
        LOG_LEVEL: 'info',
        LEASE_DURATION_SECONDS: '15',
        RENEW_DEADLINE_SECONDS: '10',
        RETRY_PERIOD_SECONDS: '2',
        RELATED_IMAGE_VOTE: `voteapp-vote:${VERSION}`,
        RELATED_IMAGE_WORKER: `voteapp-worker:${VERSION}`,
        RELATED_IMAGE_FRONT: `voteapp-front:${VERSION}`,
        RELATED_IMAGE_MYSQL: 'docker.io/library/mysql:9.7',
        RELATED_IMAGE_MARIADB: 'docker.io/library/mariadb:11.8',
        RELATED_IMAGE_RABBITMQ: 'docker.io/library/rabbitmq:4.3',
      });
      expect(release.container.env).toContainEqual({
        name: 'POD_NAMESPACE',
        valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
      });
      expect(release.container.env).toContainEqual({
        name: 'POD_NAME',
        valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
      });
    },
  ],
  'by default no connection is open but to DNS, the API server and the services, and from whoever reads metrics': [
    {},
    (release) => {
      expect(release.the('NetworkPolicy').spec).toEqual({
        podSelector: { matchLabels: SELECTOR },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: tcp(PORTS.admin) }],
        egress: [
          { ports: [53, 5353].flatMap((port) => [{ protocol: 'UDP', port }, ...tcp(port)]) },
          { ports: tcp(443, 6443) },
          { to: [{ namespaceSelector: {} }], ports: tcp(PORTS.vote, PORTS.worker, PORTS.front) },
        ],
      });
    },
  ],
  'watching one namespace, it has a Role there and nothing in the whole cluster': [
    { watchNamespaces: ['shop'] },
    (release) => {
      const there = ['Role shop/voteapp-operator', 'RoleBinding shop/voteapp-operator'];
      expect(release.names()).toEqual([...OWN, ...there, CRD].sort());
      expect(release.the('Role', 'voteapp-operator')['rules']).toEqual(WATCHED_RULES);
      expect(release.the('RoleBinding', 'voteapp-operator')).toMatchObject({
        roleRef: { kind: 'Role', name: 'voteapp-operator' },
        subjects: SUBJECTS,
      });
      expect(release.container.args).toEqual(['--watch-namespace=shop']);
    },
  ],
  'watching several namespaces, its own among them, it has a Role in each': [
    { watchNamespaces: ['shop', 'studio', 'voteapp-system'] },
    (release) => {
      expect(release.names('Role')).toEqual([
        'Role shop/voteapp-operator',
        'Role studio/voteapp-operator',
        'Role voteapp-system/voteapp-operator',
        'Role voteapp-system/voteapp-operator-leader-election',
      ]);
      expect(release.names('ClusterRole', 'ClusterRoleBinding')).toEqual([]);
      expect(release.container.args).toEqual(['--watch-namespace=shop,studio,voteapp-system']);
    },
  ],
  'without CRD, when somebody else applies it': [
    { crds: { enabled: false } },
    (release) => expect(release.names('CustomResourceDefinition')).toEqual([]),
  ],
  'a CRD is kept by Helm': [
    {},
    (release) =>
      expect(release.the('CustomResourceDefinition').metadata.annotations).toEqual({
        'helm.sh/resource-policy': 'keep',
      }),
  ],
  'a CRD goes with the release where that is wanted': [
    { crds: { keep: false } },
    (release) => expect(release.the('CustomResourceDefinition').metadata).not.toHaveProperty('annotations'),
  ],
  'two replicas are spread, and not evicted together': [
    { replicas: 2 },
    (release) => {
      expect(release.the('PodDisruptionBudget').spec).toEqual({
        maxUnavailable: 1,
        selector: { matchLabels: SELECTOR },
      });
      const spread = {
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: SELECTOR },
        matchLabelKeys: ['pod-template-hash'],
      };
      expect(release.pod.spec['topologySpreadConstraints']).toEqual([
        { topologyKey: 'topology.kubernetes.io/zone', ...spread },
        { topologyKey: 'kubernetes.io/hostname', ...spread },
      ]);
    },
  ],
  'no replica at all is no reason for a budget': [
    { replicas: 0 },
    (release) => {
      expect(release.the('Deployment').spec).toMatchObject({ replicas: 0 });
      expect(release.names('PodDisruptionBudget')).toEqual([]);
    },
  ],
  'images are taken by digest before the tag': [
    { image: { tag: '9.9.9', digest: DIGEST }, images: { vote: { digest: DIGEST }, mysql: { digest: DIGEST } } },
    (release) => {
      expect(release.container.image).toBe(`voteapp-operator@${DIGEST}`);
      expect(release.environment).toMatchObject({
        RELATED_IMAGE_VOTE: `voteapp-vote@${DIGEST}`,
        RELATED_IMAGE_MYSQL: `docker.io/library/mysql@${DIGEST}`,
        RELATED_IMAGE_FRONT: `voteapp-front:${VERSION}`,
      });
    },
  ],
  'each image has a registry and a tag of its own': [
    {
      image: { registry: 'registry.example.com:5000/voteapp', tag: '9.9.9', pullPolicy: 'Always' },
      images: { rabbitmq: { registry: 'quay.io', repository: 'mirror/rabbitmq', tag: '4.3-management' } },
    },
    (release) => {
      expect(release.container).toMatchObject({
        image: 'registry.example.com:5000/voteapp/voteapp-operator:9.9.9',
        imagePullPolicy: 'Always',
      });
      expect(release.environment['RELATED_IMAGE_RABBITMQ']).toBe('quay.io/mirror/rabbitmq:4.3-management');
    },
  ],
  'one registry has all images': [
    { global: { imageRegistry: 'mirror.example.com' }, image: { registry: 'registry.example.com' } },
    (release) => {
      expect(release.container.image).toBe(`mirror.example.com/voteapp-operator:${VERSION}`);
      expect(release.environment).toMatchObject({
        RELATED_IMAGE_WORKER: `mirror.example.com/voteapp-worker:${VERSION}`,
        RELATED_IMAGE_MARIADB: 'mirror.example.com/library/mariadb:11.8',
      });
    },
  ],
  'global values of other charts are none of its business': [
    { global: { storageClass: 'fast' } },
    (release) => expect(release.names()).toContain(CRD),
  ],
  'a pod is placed, labelled and supplied as asked for, but keeps its own labels': [
    {
      imagePullSecrets: [{ name: 'pull' }],
      priorityClassName: 'system-cluster-critical',
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ topologyKey: 'rack', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
      podLabels: { team: 'polls', 'app.kubernetes.io/name': 'mine' },
      podAnnotations: { note: 'yes' },
      resources: { limits: { cpu: 1, memory: '256Mi' } },
      extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      replicas: 3,
    },
    (release) => {
      expect(release.pod).toMatchObject({
        metadata: { labels: { team: 'polls', ...SELECTOR }, annotations: { note: 'yes' } },
        spec: {
          imagePullSecrets: [{ name: 'pull' }],
          priorityClassName: 'system-cluster-critical',
          nodeSelector: { disk: 'fast' },
          tolerations: [{ key: 'dedicated', operator: 'Exists' }],
          affinity: { nodeAffinity: {} },
          topologySpreadConstraints: [{ topologyKey: 'rack', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }],
        },
      });
      expect(release.container['resources']).toEqual({
        requests: { cpu: '50m', memory: '96Mi' },
        limits: { cpu: 1, memory: '256Mi' },
      });
      expect(release.environment).toMatchObject({ HTTPS_PROXY: 'http://proxy:3128', LOG_LEVEL: 'info' });
    },
  ],
  'the lead and the log are as asked for': [
    {
      logLevel: 'debug',
      leaderElection: { leaseDurationSeconds: 60, renewDeadlineSeconds: 40, retryPeriodSeconds: 8 },
    },
    (release) =>
      expect(release.environment).toMatchObject({
        LOG_LEVEL: 'debug',
        LEASE_DURATION_SECONDS: '60',
        RENEW_DEADLINE_SECONDS: '40',
        RETRY_PERIOD_SECONDS: '8',
      }),
  ],
  'a ServiceAccount is named and annotated': [
    { serviceAccount: { name: 'polls', annotations: { role: 'arn' } } },
    (release) => {
      expect(release.the('ServiceAccount').metadata).toMatchObject({ name: 'polls', annotations: { role: 'arn' } });
      expect(release.pod.spec['serviceAccountName']).toBe('polls');
      for (const kind of ['RoleBinding', 'ClusterRoleBinding'])
        expect(release.the(kind)['subjects']).toMatchObject([{ name: 'polls' }]);
    },
  ],
  'without a ServiceAccount of its own it goes by the one of the namespace': [
    { serviceAccount: { create: false } },
    (release) => {
      expect(release.names('ServiceAccount')).toEqual([]);
      expect(release.pod.spec['serviceAccountName']).toBe('default');
    },
  ],
  'rights are left to somebody else': [
    { rbac: { create: false, aggregate: false } },
    (release) => expect(release.names('Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding')).toEqual([]),
  ],
  'people read, write and clear polls by the roles that they have': [
    {},
    (release) => {
      const roles = ['viewer', 'editor', 'admin'].map((name) => release.the('ClusterRole', `votingapp-${name}`));
      const aggregated = roles.map(({ metadata }) =>
        Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith('rbac.authorization.k8s.io/')),
      );
      expect(aggregated.flat()).toEqual(
        ['view', 'edit', 'admin'].map((role) => `rbac.authorization.k8s.io/aggregate-to-${role}`),
      );
      const read = ['get', 'list', 'watch'];
      const write = [...read, 'create', 'delete', 'patch', 'update'];
      expect(roles.map((role) => role['rules'])).toEqual(
        [read, write, [...write, 'deletecollection']].map((verbs) => [
          { apiGroups: ['voteapp.dev'], resources: ['votingapps'], verbs },
          { apiGroups: ['voteapp.dev'], resources: ['votingapps/status'], verbs: ['get'] },
        ]),
      );
    },
  ],
  'without a NetworkPolicy': [
    { networkPolicy: { enabled: false } },
    (release) => expect(release.names('NetworkPolicy')).toEqual([]),
  ],
  'metrics are for one namespace, and the API server is at a port of its own': [
    {
      networkPolicy: {
        ingressFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
        apiServerPorts: [16_443],
      },
    },
    (release) => {
      const { ingress, egress } = release.the('NetworkPolicy').spec as Record<'ingress' | 'egress', object[]>;
      expect(ingress).toEqual([
        { ports: tcp(PORTS.admin), from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
      ]);
      expect(egress[1]).toEqual({ ports: tcp(16_443) });
    },
  ],
  'metrics have a Service': [
    { metrics: { service: { enabled: true, annotations: { 'prometheus.io/scrape': 'true' } } } },
    (release) => {
      expect(release.the('Service')).toMatchObject({
        metadata: { annotations: { 'prometheus.io/scrape': 'true' } },
        spec: { selector: SELECTOR, ports: [{ name: 'metrics', port: PORTS.admin, targetPort: 'admin' }] },
      });
      expect(release.names('ServiceMonitor')).toEqual([]);
    },
  ],
  'a ServiceMonitor brings the Service that it reads': [
    { metrics: { serviceMonitor: { enabled: true, interval: '15s', labels: { release: 'prometheus' } } } },
    (release) => {
      const monitor = release.the('ServiceMonitor');
      expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
      expect(monitor.spec).toEqual({
        selector: { matchLabels: SELECTOR },
        endpoints: [{ port: 'metrics', path: '/metrics', interval: '15s' }],
      });
      expect(release.the('Service').metadata.labels).toMatchObject(SELECTOR);
    },
  ],
  'objects of any kind come along': [
    { extraObjects: [1, 2].map((n) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `extra-${n}` } })) },
    (release) => expect(release.names('ConfigMap')).toEqual(['ConfigMap extra-1', 'ConfigMap extra-2']),
  ],
  'every name is another': [
    { fullnameOverride: 'polls' },
    (release) =>
      expect(release.names('Deployment', 'ServiceAccount', 'ClusterRoleBinding')).toEqual([
        'ClusterRoleBinding polls',
        'Deployment voteapp-system/polls',
        'ServiceAccount voteapp-system/polls',
      ]),
  ],
};

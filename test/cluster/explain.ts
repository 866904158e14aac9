import type { KubeClient, KubeObject, ObjectRef } from './client.ts';

const LAST_LINES = 8;

interface Said {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

function sentence({ reason, message }: Said): string {
  return [reason, message].filter((part) => part !== undefined && part !== '').join(': ');
}

function conditionsOf({ status = {} }: KubeObject): string[] {
  const { conditions, ...rest } = status as { conditions?: readonly Said[] };
  const figures = Object.entries(rest).filter(([, value]) => typeof value !== 'object');
  return [
    ...(figures.length > 0 ? [figures.map(([name, value]) => `${name} ${String(value)}`).join(', ')] : []),
    ...(conditions ?? []).map((condition) => `${condition.type}=${condition.status} ${sentence(condition)}`),
  ];
}

async function eventsOf(client: KubeClient, { kind, name, namespace = 'default' }: ObjectRef): Promise<string[]> {
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const events = await client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace, fieldSelector });
  return events.map((event) => `event ${sentence(event as unknown as Said)}`);
}

/** The last lines that a pod printed, where its container ended. */
async function lastWords(client: KubeClient, { metadata, status }: KubeObject): Promise<string[]> {
  const { containerStatuses = [] } = (status ?? {}) as {
    readonly containerStatuses?: readonly { readonly name: string; readonly restartCount?: number }[];
  };
  const pod = { namespace: metadata.namespace ?? 'default', name: metadata.name };
  const lines: string[] = [];
  for (const { name: container, restartCount = 0 } of containerStatuses) {
    if (restartCount === 0) continue;
    const said = await client.logs(pod, { container, previous: true }).catch(() => '');
    lines.push(
      ...said
        .trim()
        .split('\n')
        .slice(-LAST_LINES)
        .map((line) => `${container} said ${line}`),
    );
  }
  return lines;
}

/** What the pods that an object selects are and lack. */
async function podsOf(client: KubeClient, { metadata: { namespace }, spec }: KubeObject): Promise<string[]> {
  const { matchLabels } = (spec?.['selector'] ?? {}) as { matchLabels?: Readonly<Record<string, string>> };
  if (matchLabels === undefined) return [];
  const labelSelector = Object.entries(matchLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const kind = { apiVersion: 'v1', kind: 'Pod' };
  const lines: string[] = [];
  for (const pod of await client.list(kind, { namespace, labelSelector })) {
    const {
      phase,
      conditions = [],
      containerStatuses = [],
    } = (pod.status ?? {}) as {
      readonly phase?: string;
      readonly conditions?: readonly Said[];
      readonly containerStatuses?: readonly {
        readonly name: string;
        readonly state?: Readonly<Record<string, Said>>;
      }[];
    };
    const troubles = [
      ...conditions
        .filter(({ status }) => status === 'False')
        .map((condition) => `not ${condition.type} ${sentence(condition)}`),
      ...containerStatuses.flatMap(({ name, state = {} }) =>
        Object.entries(state)
          .filter(([is]) => is !== 'running')
          .map(([is, why]) => `${name} ${is} ${sentence(why)}`),
      ),
    ];
    lines.push(
      `pod ${pod.metadata.name} ${phase}; ${troubles.join('; ')}`,
      ...(await eventsOf(client, { ...kind, ...pod.metadata })),
      ...(await lastWords(client, pod)),
    );
  }
  return lines;
}

/** What an object says of itself, its pods included, and what is said of it: a line each, for whoever waited in vain. */
export async function explain(client: KubeClient, ref: ObjectRef, object: KubeObject | null): Promise<string> {
  const lines = [
    ...(object === null ? ['there is none'] : conditionsOf(object)),
    ...(await eventsOf(client, ref)),
    ...(object === null ? [] : await podsOf(client, object)),
    ...(object?.kind === 'Pod' ? await lastWords(client, object) : []),
  ];
  return lines.map((line) => `  ${line.trim()}`).join('\n');
}

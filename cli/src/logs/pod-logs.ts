import { LABELS } from '@voteapp/contracts/cluster-objects';
import { ApiError, type ApiServer } from '@voteapp/operator/runtime/api-server';
import type { KubeObject } from '@voteapp/operator/runtime/object';

import { type LogLine, logLine, type LogSource } from './line.ts';

/** A container that has run. */
export interface LoggedContainer extends LogSource {
  readonly namespace: string;
  /** Of this run of it: a container that is started anew has another. */
  readonly id: string;
  readonly isRunning: boolean;
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: { readonly running?: object };
}

/** The containers of a pod that have begun to run. */
export function containersOf({ metadata, status }: KubeObject): LoggedContainer[] {
  const { namespace = '', name: pod, labels = {} } = metadata;
  const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: readonly ContainerStatus[] };
  return containerStatuses.flatMap(({ name: container, containerID: id = '', state }) =>
    id === ''
      ? []
      : [
          {
            namespace,
            pod,
            component: labels[LABELS.component] ?? pod,
            container,
            id,
            isRunning: state?.running !== undefined,
          },
        ],
  );
}

export interface Reading {
  readonly follow?: boolean;
  readonly sinceSeconds?: number | undefined;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  readonly tailLines?: number | undefined;
  readonly signal: AbortSignal;
}

/** Whether nothing is to be read any more: the pod has gone, or its container is not there yet. */
function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 404 || error.code === 400);
}

/** The lines of a container's log. Throws as `ApiServer.lines`, but where there is no such container any more. */
export async function* podLog(
  server: Pick<ApiServer, 'lines'>,
  { namespace, pod, component, container }: LoggedContainer,
  { signal, follow, sinceSeconds, sinceTime, tailLines }: Reading,
): AsyncGenerator<LogLine, void> {
  const lines = server.lines({
    method: 'GET',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`,
    query: { container, timestamps: true, follow, sinceSeconds, sinceTime, tailLines },
    accept: '*/*',
    signal,
  });
  const source = { pod, component, container };
  try {
    for await (const line of lines) {
      const parsed = logLine(source, line);
      if (parsed !== null) yield parsed;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

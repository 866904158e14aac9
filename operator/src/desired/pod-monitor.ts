import { APP_LABEL, LABELS } from '@voteapp/contracts/cluster-objects';

import { type Context, declare } from './context.ts';
import { ADMIN_PORT_NAME, METRICS_PORT_NAME } from './pod.ts';

/** Has the Prometheus operator read the metrics of every pod that has any. */
export function declarePodMonitor(context: Context): void {
  if (context.app.spec.monitoring?.enabled !== true) return;
  declare(context, {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    name: context.names.podMonitor,
    spec: {
      selector: { matchLabels: { [LABELS.name]: APP_LABEL, [LABELS.instance]: context.app.metadata.name } },
      podTargetLabels: [LABELS.instance, LABELS.component],
      podMetricsEndpoints: [
        { port: ADMIN_PORT_NAME, path: '/metrics' },
        { port: METRICS_PORT_NAME, path: '/metrics' },
      ],
    },
  });
}

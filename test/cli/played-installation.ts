import type { KubeObject } from '../cluster/client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { followEach } from '../cluster/follow.ts';
import { type FakePods, startFakePods } from '../cluster/ready-pods.ts';
import { Stage, VOTING_APP } from '../operator/in-process.ts';

const SYSTEM = 'voteapp-system';
const OPERATOR = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: SYSTEM, name: 'voteapp-operator' };

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** How the services of a poll find it, as its resource asks for. */
function stateOf({ spec }: KubeObject): 'Scheduled' | 'Open' | 'Suspended' | 'Final' {
  const { suspend, opensAt, closesAt } = (spec?.['poll'] ?? {}) as {
    readonly suspend?: boolean;
    readonly opensAt?: string;
    readonly closesAt?: string;
  };
  if (closesAt !== undefined && Date.parse(closesAt) <= Date.now()) return 'Final';
  if (opensAt !== undefined && Date.parse(opensAt) > Date.now()) return 'Scheduled';
  return suspend === true ? 'Suspended' : 'Open';
}

/** A cluster of its own, for who installs and uninstalls there; what is installed is played. */
export class PlayedInstallation {
  readonly cluster: Cluster;
  readonly stage: Stage;
  readonly #system: FakePods;
  readonly #ended = new AbortController();
  #isPlayed = false;

  private constructor(cluster: Cluster, stage: Stage, system: FakePods) {
    this.cluster = cluster;
    this.stage = stage;
    this.#system = system;
  }

  /** A cluster on which nothing is installed yet. */
  static async start(): Promise<PlayedInstallation> {
    const cluster = await startCluster({ level: 'api' });
    const system = await startFakePods(cluster.client, { namespace: SYSTEM });
    return new PlayedInstallation(cluster, await Stage.set(cluster, { definition: 'own' }), system);
  }

  /** Does the work of the operator that is installed by now, as its Deployment has it; once more does nothing. */
  async play(): Promise<void> {
    const deployment = this.#isPlayed ? null : await this.cluster.client.get(OPERATOR);
    if (deployment === null) return;
    this.#isPlayed = true;
    const { containers } = (deployment.spec as { template: { spec: { containers: [Container] } } }).template.spec;
    const given = containers[0].env.filter(({ name }) => name.startsWith('RELATED_IMAGE_'));
    const env = Object.fromEntries(given.map(({ name, value = '' }) => [name, value]));
    await this.stage.startOperator({ env: { ...env, POD_NAMESPACE: SYSTEM } });
    const { namespace, services } = this.stage;
    const tell = async (app: KubeObject): Promise<void> => {
      const state = stateOf(app);
      services.say(app.metadata.name, { state, final: state === 'Final' });
    };
    // Told by the commands, which wait in vain then.
    followEach(this.cluster.client, VOTING_APP, { namespace }, tell, this.#ended.signal).catch(() => {});
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.stage.stop();
    await this.#system.stop();
    await this.cluster.stop();
  }
}

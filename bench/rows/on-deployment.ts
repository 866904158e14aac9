import { Contestant } from '../contestant.ts';
import { type Deployed, type DeployedOptions, startDeployed } from '../targets/deployed.ts';
import { NOTHING, type RowResult } from './row.ts';

/** Starts a deployment for `measure`, and asks its store afterwards whether it has a vote wrong. */
export async function onDeployment(
  measure: (deployed: Deployed, contestant: Contestant) => Promise<Partial<RowResult>>,
  options: DeployedOptions = {},
): Promise<RowResult> {
  const deployed = await startDeployed(options);
  try {
    const contestant = new Contestant(deployed);
    const found = await measure(deployed, contestant);
    return { ...NOTHING, ...found, voids: await contestant.voids() };
  } finally {
    await deployed.stop();
  }
}

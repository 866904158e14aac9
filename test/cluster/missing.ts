import { reasonOf } from '../tools/programs.ts';

/** This machine can have no cluster; the message says why. */
export class ClusterMissing extends Error {}

/** What a cluster is made of, when it has been had. Throws ClusterMissing when it cannot be. */
export async function had<T>(getting: Promise<T>): Promise<T> {
  try {
    return await getting;
  } catch (error) {
    throw new ClusterMissing(reasonOf(error), { cause: error });
  }
}

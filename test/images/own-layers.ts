import type { Inspected } from '../../scripts/images/archive.ts';

/** The first instruction of the Dockerfile's stage that the programs share; what is before it is the base's. */
const FIRST_OF_OURS = 'ENV NODE_ENV=production';

/** How many of an image's layers the Dockerfile adds to its base. Throws where its history does not tell. */
export function ownLayers({ history }: Inspected): number {
  const first = history.findIndex(({ created_by: by }) => by.includes(FIRST_OF_OURS));
  if (first === -1) throw new Error(`Nothing in the history of the image says ${FIRST_OF_OURS}`);
  return history.slice(first).filter(({ empty_layer: isEmpty = false }) => !isEmpty).length;
}

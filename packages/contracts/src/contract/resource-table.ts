// Resources that a VotingApp may and may not be. The zod schema and a real API server are both judged by them.
import { BAD_EDITS } from './resources/bad-edits.ts';
import { BAD_METADATA } from './resources/bad-metadata.ts';
import { BAD_POLLS } from './resources/bad-polls.ts';
import { BAD_SECTIONS } from './resources/bad-sections.ts';
import { BAD_SERVICES } from './resources/bad-services.ts';
import type { BadResource } from './resources/case.ts';

export type { BadResource, GoodResource, VotingAppObject } from './resources/case.ts';
export { GOOD_RESOURCES } from './resources/good.ts';

/** Resources that both refuse, each for one reason alone. */
export const BAD_RESOURCES: Readonly<Record<string, BadResource>> = {
  ...BAD_METADATA,
  ...BAD_POLLS,
  ...BAD_SERVICES,
  ...BAD_SECTIONS,
  ...BAD_EDITS,
};

import { DEPLOYED } from './deployed.ts';
import { EMBEDDED } from './embedded.ts';
import { RECOUNT } from './recount.ts';
import { RIVALS } from './rivals.ts';
import type { Row } from './row.ts';
import { SOAK } from './soak.ts';
import { START_UP } from './start-up.ts';
import { WAITS } from './waits.ts';

/** All that is measured, in the order of the page. */
export const ROWS: readonly Row[] = [...EMBEDDED, ...DEPLOYED, ...RIVALS, ...WAITS, RECOUNT, SOAK, START_UP];

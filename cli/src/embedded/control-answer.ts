import * as z from 'zod';

/** What the control address of a running poll answers; problems are sentences without their full stop. */
export const controlAnswer = z.union([
  z.object({ name: z.string(), revision: z.int().optional() }),
  z.object({ problems: z.array(z.string()).readonly() }),
]);

export type ControlAnswer = z.output<typeof controlAnswer>;

import * as z from 'zod';

/** The poll as it was asked for last, of which its services hear a moment later; times in ms since the epoch. */
export const askedPoll = z.object({
  round: z.string(),
  opensAt: z.number().nullable(),
  closesAt: z.number().nullable(),
  suspend: z.boolean(),
  timeZone: z.string(),
  revision: z.int(),
  /** The services judge by it when they tell this version, or a later one. */
  version: z.int(),
});

export type AskedPoll = z.output<typeof askedPoll>;

/** What the control address of a running poll answers; problems are sentences without their full stop. */
export const controlAnswer = z.union([
  z.object({ name: z.string(), poll: askedPoll }),
  z.object({ revision: z.int() }),
  z.object({ problems: z.array(z.string()).readonly() }),
]);

export type ControlAnswer = z.output<typeof controlAnswer>;

import { z } from 'zod';

export const taskSchema = z.object({ comm: z.string(), pid: z.number().int() });

export const frameSchema = z.object({
  func: z.string().optional(),
  offset: z.number().int().optional(),
  size: z.number().int().optional(),
  module: z.string().optional(),
  /** `file:line`. */
  at: z.string().optional(),
  inlined: z.boolean(),
  /** Printed with `?`. */
  unreliable: z.boolean(),
});

export const traceSchema = z.object({ heading: z.string(), frames: z.array(frameSchema).readonly() });

import { z } from 'zod';
import { statuses } from '../status.ts';

const line = z.object({
  sign: z.enum([' ', '+', '-']),
  line: z.number().int().nullable(),
  text: z.string(),
  count: z.number().nullable(),
  programs: z.array(z.string()),
});

/** Which of the lines with code that a patch brings were executed, by which programs. */
export const lineCoverageSchema = z.object({
  /** Lines with code that the patch brings, and those of them that no test ran. */
  changed: z.number().int(),
  neverRun: z.array(z.object({ path: z.string(), line: z.number().int(), text: z.string() })),
  /** Programs whose counters could not be had: what they ran is not counted. */
  unknown: z.array(z.string()),
  /** C files that the patch changes and in which the kernel counts nothing: no line of theirs is in `changed`. */
  uncounted: z.array(z.string()).optional(),
  files: z.array(
    z.object({ path: z.string(), hunks: z.array(z.object({ heading: z.string(), lines: z.array(line) })) }),
  ),
});

/** coverage.json of a run directory. The version rises when a field changes its meaning or goes. */
export const coverageSchema = z.object({
  schema: z.literal('ringtrial.coverage/1'),
  /** One line. */
  summary: z.string(),
  candidate: z.string(),
  tree: z.string(),
  suite: z.string(),
  kernel: z.string(),
  /** How many test points ended in which status. */
  points: z.partialRecord(z.enum(statuses), z.number().int()),
  ...lineCoverageSchema.shape,
  directory: z.string(),
  seconds: z.number(),
});

export type LineCoverage = z.infer<typeof lineCoverageSchema>;
export type Coverage = z.infer<typeof coverageSchema>;

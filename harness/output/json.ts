import { z } from 'zod';
import type { LoadedRun } from '../load-run.ts';
import { verdictSchema } from '../verdict.ts';
import type { Output } from './report.ts';

/** A run as one document, whatever wrote it. The version rises when a field changes its meaning or goes. */
export const reportSchema = z.object({
  schema: z.literal('ringtrial.report/1'),
  kind: z.enum(['trial', 'matrix']),
  name: z.string(),
  summary: z.string(),
  directory: z.string(),
  trials: z.array(
    z.object({
      /** `CANDIDATE@TREE/PROFILE/SUITE`. */
      id: z.string(),
      candidate: z.string(),
      tree: z.string(),
      profile: z.string(),
      suite: z.string(),
      directory: z.string(),
      /** Null when there is none: `missing` says why. */
      verdict: verdictSchema.nullable(),
      missing: z.string().optional(),
    }),
  ),
});

export type ReportDocument = z.infer<typeof reportSchema>;

export const reportDocument = (run: LoadedRun): ReportDocument => ({
  schema: 'ringtrial.report/1',
  ...run,
  trials: run.trials.map((trial) => ({ ...trial, verdict: trial.verdict ?? null })),
});

export const jsonOutput: Output = { render: (run) => `${JSON.stringify(reportDocument(run), null, 2)}\n` };

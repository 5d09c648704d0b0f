import { z } from 'zod';

/** One patch on one tree, in one profile, under one suite: what `evaluate` does once. */
export const matrixTrialSchema = z.object({
  /** `CANDIDATE@TREE/PROFILE/SUITE`, unique in the matrix and the same in every run of it. */
  id: z.string(),
  candidate: z.string(),
  /** As the matrix file names it, `debian:6.1`. */
  tree: z.string(),
  profile: z.string(),
  suite: z.string(),
  /** `missing`: it has not been run, or nobody could: see `summary`. Never counted as accepted. */
  verdict: z.enum(['accepted', 'rejected', 'inconclusive', 'missing']),
  /** One line. */
  summary: z.string(),
  /** The trial's run directory, relative to the matrix's. */
  directory: z.string(),
});

/**
 * matrix.json of a matrix's directory: what was planned, and what came of each trial. Times and measurements
 * are in the trials' own files, so that the same results give the same bytes wherever they were run.
 * The version rises when a field changes its meaning or goes.
 */
export const matrixSchema = z.object({
  schema: z.literal('ringtrial.matrix/1'),
  name: z.string(),
  /** One line. */
  summary: z.string(),
  /** In the order of the plan. */
  trials: z.array(matrixTrialSchema),
});

export type MatrixDocument = z.infer<typeof matrixSchema>;
export type MatrixTrial = z.infer<typeof matrixTrialSchema>;

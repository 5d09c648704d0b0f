import { z } from 'zod';
import { statuses } from './status.ts';

const status = z.enum(statuses);
const observation = z.object({ key: z.string(), value: z.string(), unit: z.string().optional() });

const testSide = z.object({
  /** The most telling status over all repetitions, kernel reports included. */
  status,
  /** The same by what the test alone said. */
  own: status,
  reason: z.string().optional(),
  runs: z.number().int(),
  /** Runs in which a complaint of the kernel would have been heard: lockdep on, console whole. */
  validated: z.number().int(),
  counts: z.partialRecord(status, z.number().int()),
  /** One list for each repetition. */
  observations: z.array(z.array(observation)),
  diagnostics: z.array(z.string()),
});

const testComparison = z.object({
  name: z.string(),
  base: testSide,
  candidate: testSide,
  change: z.enum([
    'same',
    'fixed',
    'regression',
    'fails on both',
    'fails, base unknown',
    'passes, base unknown',
    'not observed',
    'no longer runs',
  ]),
});

const behaviour = z.object({
  test: z.string(),
  key: z.string(),
  base: z.array(z.string()),
  candidate: z.array(z.string()),
});

const reportComparison = z.object({
  signature: z.string(),
  kind: z.string(),
  title: z.string(),
  /** How often each kernel printed it. */
  base: z.number().int(),
  candidate: z.number().int(),
  /** Only the candidate did. */
  new: z.boolean(),
  programs: z.array(z.string()),
  /** The console log, relative to the run directory, and the byte offsets of its first occurrence. */
  console: z.string(),
  start: z.number().int(),
  end: z.number().int(),
  text: z.string(),
});

const kernel = z.object({ hash: z.string(), version: z.string(), vmlinux: z.string(), reused: z.boolean() });

/** verdict.json of a run directory. The version rises when a field changes its meaning or goes. */
export const verdictSchema = z.object({
  schema: z.literal('ringtrial.verdict/1'),
  verdict: z.enum(['accepted', 'rejected', 'inconclusive']),
  /** One line. */
  summary: z.string(),
  reasons: z.array(z.object({ weight: z.enum(['reject', 'doubt']), subject: z.string(), text: z.string() })),
  candidate: z.object({
    name: z.string(),
    title: z.string(),
    patches: z.array(z.object({ name: z.string(), sha256: z.string() })),
  }),
  tree: z.object({ spec: z.string(), id: z.string(), version: z.string(), hash: z.string() }),
  profile: z.string(),
  suite: z.string(),
  accelerator: z.object({ name: z.string(), why: z.string() }),
  repetitions: z.number().int(),
  strict: z.boolean(),
  kernels: z.object({ base: kernel.optional(), candidate: kernel.optional() }),
  /** Set when the candidate does not compile: then nothing was booted. */
  buildError: z
    .object({
      file: z.string().nullable(),
      line: z.number().int().nullable(),
      message: z.string(),
      patch: z.string().nullable(),
      log: z.string(),
    })
    .optional(),
  tests: z.array(testComparison),
  behaviours: z.array(behaviour),
  reports: z.array(reportComparison),
  directory: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
});

export type Verdict = z.infer<typeof verdictSchema>;
export type TestComparison = z.infer<typeof testComparison>;
export type TestSide = z.infer<typeof testSide>;
export type Behaviour = z.infer<typeof behaviour>;
export type ReportComparison = z.infer<typeof reportComparison>;

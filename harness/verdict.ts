import { z } from 'zod';
import { lineCoverageSchema } from './coverage/schema.ts';
import { scheduleSchema } from './schedules/schedule.ts';
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
  /** What the suite's policy said: which entry, to which effect, why, and where that comes from. */
  policy: z
    .array(
      z.object({
        entry: z.string(),
        effect: z.enum(['failed', 'known', 'broken']),
        text: z.string(),
        source: z.string(),
        sometimes: z.boolean().optional(),
      }),
    )
    .optional(),
  /** Set when every failure is one that kernels of this age are known for. */
  known: z.enum(['always', 'sometimes']).optional(),
  /** Runs in which a complaint of the kernel would have been heard: lockdep on, console whole. */
  validated: z.number().int(),
  counts: z.partialRecord(status, z.number().int()),
  /** Runs in which the test itself failed, of those in which it failed or passed. */
  failures: z.number().int().optional(),
  observed: z.number().int().optional(),
  /** Their share, 0 to 1, and Wilson's interval of it at 95 %; absent where nothing was observed. */
  rate: z.number().optional(),
  interval: z.tuple([z.number(), z.number()]).optional(),
  /** The same by schedule, where there are several. */
  schedules: z
    .array(z.object({ schedule: z.number().int(), counts: z.partialRecord(status, z.number().int()) }))
    .optional(),
  /** The table of lockdep's that was fullest after any run, and how full, 0 to 1. At 1 lockdep turns itself off. */
  lockdepUse: z.object({ table: z.string(), used: z.number() }).optional(),
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
    // It fails now and then, on base too, and chance explains the difference.
    'flaky',
    // Base and patch fail as such kernels are known to, and it decides nothing.
    'known failure',
    'fails differently',
    'fails, base unknown',
    'passes, base unknown',
    'not observed',
    'no longer runs',
  ]),
  /** Fisher's exact test of both rates, two-sided, and the same corrected for the number of tests (Holm). */
  p: z.number().optional(),
  pCorrected: z.number().optional(),
  /** Base failed and the candidate did not: so many runs without a failure make it "fixed", at 95 %. */
  runsForFixed: z.number().int().optional(),
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
  /** Only the candidate did, and it is no known report. */
  new: z.boolean(),
  /** It is accepted, by the file of known reports that the trial was given. */
  known: z.object({ reason: z.string(), link: z.string(), expires: z.string() }).optional(),
  programs: z.array(z.string()),
  /** The schedules under which either kernel printed it, where there are several. */
  schedules: z.array(z.number().int()).optional(),
  /** The console log, relative to the run directory, and the byte offsets of its first occurrence. */
  console: z.string(),
  start: z.number().int(),
  end: z.number().int(),
  text: z.string(),
  /** In plain English, one sentence or two an element. */
  explanation: z.array(z.string()),
  /** Whether it comes from what the patch changes; null where base alone printed it. */
  attribution: z
    .object({
      cause: z.enum(['introduced', 'exposed', 'pre-existing', 'unrelated']),
      /** 0 (no connection) to 1. */
      score: z.number(),
      reason: z.string(),
      evidence: z.array(z.object({ weight: z.number(), about: z.string(), text: z.string() })),
    })
    .nullable(),
});

const lockOrder = z.object({
  /** Lock classes by name, `#N` left out: `to` was taken while `from` was the last lock taken. */
  from: z.string(),
  to: z.string(),
  /** `opposite`: the other way round is recorded too. `implied`: base has it by way of others. `everyday`: chance, probably. */
  meaning: z.enum(['opposite', 'new', 'implied', 'everyday']),
  /** The opposite or the implying way, both ends included. */
  path: z.array(z.string()).optional(),
  /** Classes that base does not know at all. */
  newClasses: z.array(z.string()),
  /** A name that stands for several classes, which may be different locks. */
  ambiguous: z.boolean(),
  /** Under which it was recorded, and in how many runs of them. */
  programs: z.array(z.string()),
  runs: z.number().int(),
  /** One of the two is a lock that the patch brings or takes somewhere. */
  ofPatch: z.boolean(),
});

const kernel = z.object({ hash: z.string(), version: z.string(), vmlinux: z.string(), reused: z.boolean() });

const interval = z.tuple([z.number(), z.number()]);

/** What became of an entry of the file of known reports. Only those that are `seen` were applied. */
const knownReport = z.object({
  /** Its signature or title. */
  name: z.string(),
  reason: z.string(),
  link: z.string(),
  expires: z.string(),
  state: z.enum(['seen', 'not seen', 'expired', 'other kernel']),
  /** How often both kernels printed it. */
  seen: z.number().int(),
});

/** Measurements of one kernel, in ascending order and thinned out where there are many. */
const distribution = z.object({
  /** Runs that took any, and how many all together. */
  runs: z.number().int(),
  count: z.number().int(),
  quantiles: z.object({
    ...{ min: z.number(), p5: z.number(), p25: z.number(), p50: z.number() },
    ...{ p75: z.number(), p95: z.number(), p99: z.number(), max: z.number() },
  }),
  samples: z.array(z.number()).max(100),
});

/** A quantile on both kernels, with bootstrap intervals at 95 %. */
const difference = z.object({
  base: z.number(),
  candidate: z.number(),
  /** Candidate minus base. */
  difference: z.number(),
  differenceInterval: interval,
  /** Candidate by base; absent where base may be 0. */
  ratio: z.number().optional(),
  ratioInterval: interval.optional(),
});

const measurement = z.object({
  test: z.string(),
  name: z.string(),
  /** `ns` for samples. */
  unit: z.string(),
  /** Many of a run (`# sample`), or one of each run (`# observe` with a unit). */
  kind: z.enum(['samples', 'observation']),
  base: distribution,
  candidate: distribution,
  median: difference,
  /** Where there are enough samples. */
  p99: difference.optional(),
  /** The median's interval leaves out "no difference", and still would were it widened for the number of measurements. */
  differs: z.boolean(),
});

/** What so many runs can and cannot say of failures that were not seen. */
const certainty = z.object({
  /** How sure, 0 to 1. */
  confidence: z.number(),
  /** Every test that never failed on the candidate was seen to pass at least so often; 0 where none did. */
  passes: z.number().int(),
  /** They rule out that one fails in a larger share of its runs than this. */
  rulesOut: z.number(),
  /** How many passes, and no failure, it takes to say "not even 1 in N". */
  needs: z.array(z.object({ oneIn: z.number().int(), passes: z.number().int() })),
  /** Why `--repeat auto` did not go on. */
  stopped: z.string().optional(),
});

const secondTry = z.object({
  side: z.enum(['base', 'candidate']),
  /** What the first boot left behind, relative to the run directory. */
  directory: z.string(),
  /** How far it came. */
  why: z.string(),
});

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
  /** Under each schedule. */
  repetitions: z.number().int(),
  certainty: certainty.optional(),
  /** How many programs the suite has, and the seconds that one pass through them took on each kernel. */
  pass: z
    .object({ programs: z.number().int(), base: z.number().optional(), candidate: z.number().optional() })
    .optional(),
  /** What the guests were like, where there were several kinds (`--perturb`). */
  schedules: z.array(scheduleSchema).optional(),
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
  /** They decide nothing unless the suite's policy says so. */
  measurements: z.array(measurement).optional(),
  reports: z.array(reportComparison),
  knownReports: z.array(knownReport).optional(),
  /** What lockdep recorded with the patch alone, even where it did not complain. */
  lockOrders: z.array(lockOrder),
  /** With profile `coverage`: which of the lines that the patch brings ran. They decide nothing. */
  coverage: lineCoverageSchema.optional(),
  /** Guests that did not boot at first and did when they were booted again. They decide nothing. */
  secondTries: z.array(secondTry).optional(),
  directory: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
});

export type Verdict = z.infer<typeof verdictSchema>;
export type TestComparison = z.infer<typeof testComparison>;
export type TestSide = z.infer<typeof testSide>;
export type Behaviour = z.infer<typeof behaviour>;
export type Measurement = z.infer<typeof measurement>;
export type LockOrder = z.infer<typeof lockOrder>;
export type ReportComparison = z.infer<typeof reportComparison>;

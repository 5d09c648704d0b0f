import { z } from 'zod';
import { kernelRange } from './policy-range.ts';

/** `PROGRAM.POINT`; `*` stands for any characters. */
const testPattern = z.string().regex(/^[A-Za-z0-9_.*-]+$/, 'PROGRAM.POINT, with * for any characters');

const values = z.array(z.string()).min(1);

/** What every entry says of itself. */
const about = {
  /** Stable: verdicts name it. */
  id: z.string().regex(/^[a-z0-9-]+$/, 'lower-case letters, digits and -'),
  /** The test points that it is about. */
  tests: z.array(testPattern).min(1),
  /** The kernels that it is about. The base's version counts, for base and candidate alike. */
  kernels: kernelRange,
  /** Why, for the person who reads the verdict. */
  reason: z.string().min(1),
  /** Where that comes from: a kernel function and version, a decision on the list, a commit's subject, a measurement. */
  source: z.string().min(1),
};

/**
 * What an observation must or must not be where the point passed. A value of several rounds that differ
 * (`full|-14`) is held against the rule part by part.
 */
const observationEntry = z
  .strictObject({
    ...about,
    observation: z.string().min(1),
    oneOf: values.optional(),
    noneOf: values.optional(),
    /** For measurements, in the unit that the test prints. */
    atMost: z.number().optional(),
    atLeast: z.number().optional(),
    /** A point that passes need not print it. Without this, a pass that does not is broken. */
    optional: z.boolean().default(false),
    /** These kernels are known for breaking the rule: a failure, shown as known. */
    knownFailure: z.boolean().default(false),
  })
  .refine(
    (entry) => [entry.oneOf, entry.noneOf, entry.atMost, entry.atLeast].some((rule) => rule !== undefined),
    {
      error: 'an entry about an observation says oneOf, noneOf, atMost or atLeast',
    },
  );

/** The kernel has what the point needs, so a skip is a failure. */
const mustRunEntry = z.strictObject({ ...about, mustRun: z.literal(true) });

const pattern = z.string().min(1).refine(isPattern, 'a regular expression');

/** A failure that these kernels are known for. It is shown as such, and covers nothing else. */
const knownEntry = z.strictObject({
  ...about,
  /** A regular expression that every failure of the point must match: its `expected …; saw …`, or its reason. */
  known: pattern,
  /** It depends on a race: the candidate may show it where base was lucky. */
  sometimes: z.boolean().default(false),
});

/** How much slower a patch may make something. Without such an entry measurements are shown and decide nothing. */
const measurementEntry = z.strictObject({
  ...about,
  /** The name of samples, or of an observation with a unit. */
  measurement: z.string().min(1),
  /** The candidate's median by base's: the whole interval at 95 % must lie above this to reject. */
  ratioAtMost: z.number().positive(),
});

/** policy.json of a suite: what counts as a failure on which kernels. */
export const policySchema = z.strictObject({
  /**
   * `doubt`: a test that fails with and without the patch says nothing about the patch, and the verdict
   * says so. `known`: for suites of others, whose failures on a base are nobody's surprise; alike on both
   * kernels they are shown and decide nothing.
   */
  failuresOfBase: z.enum(['doubt', 'known']).default('doubt'),
  entries: z
    .array(z.union([observationEntry, mustRunEntry, knownEntry, measurementEntry]))
    .refine(
      (entries) => new Set(entries.map((entry) => entry.id)).size === entries.length,
      'two entries have the same id',
    ),
});

export type Policy = z.infer<typeof policySchema>;
export type PolicyEntry = Policy['entries'][number];
export type ObservationEntry = z.infer<typeof observationEntry>;
export type MeasurementEntry = z.infer<typeof measurementEntry>;
export type KnownEntry = z.infer<typeof knownEntry>;

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

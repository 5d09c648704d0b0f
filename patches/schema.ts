import { z } from 'zod';

/** What may notice a fault. `functional` is a failed test point, `hang` a deadline or a hung task. */
export const detectors = [
  'functional',
  'lockdep',
  'warn',
  'kasan',
  'kcsan',
  'refcount',
  'hang',
  'leak',
  'build',
] as const;

const patchName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 'must be the plain name of a file that lies beside candidate.json');

const expectation = z.strictObject({
  /** What a suite that works says about this candidate. */
  verdict: z.enum(['accept', 'reject']),
  /** The profile whose kernels are expected to show it; `lockdep` when nobody has said. */
  profile: z.string().min(1).optional(),
  /** Any of them is enough: which one speaks first depends on the profile and on timing. */
  detectors: z.array(z.enum(detectors)).default([]),
  /** Observations (`# observe KEY=VALUE`) in which the candidate differs from its base, by `TEST.KEY`. */
  behaviours: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

/** Where a series that `ringtrial ingest` read comes from, and what it did to it. */
const provenance = z.strictObject({
  /** `Name <address>`. */
  author: z.string().optional(),
  /** When the newest of its mails was sent (ISO 8601, UTC). */
  date: z.string().optional(),
  /** Message-ID of the cover letter, or of the mail that has the first patch, without angle brackets. */
  messageId: z.string().optional(),
  /** `[PATCH v3 …]`. */
  version: z.int().positive().optional(),
  /** The number that its author gave a diff in a discussion: `1` for `[1]`. */
  label: z.string().optional(),
  /** How often it was quoted in the mail that it was taken from; 0 for the sender's own text. */
  quoteDepth: z.int().nonnegative().optional(),
  /** What git format-patch --base says the series belongs to. */
  baseCommit: z.string().optional(),
  /** b4's name for the work. */
  changeId: z.string().optional(),
  fixes: z.array(z.string()).optional(),
  links: z.array(z.string()).optional(),
  /** What mail software had done to it, what was put right, and what was left out. */
  notes: z.array(z.string()).optional(),
});

/**
 * `candidate.json`, the file that makes a directory of patches a candidate.
 * Unknown keys are refused, so that a misspelt one cannot be ignored in silence.
 */
export const candidateSchema = z.strictObject({
  title: z.string().trim().min(1),
  /** Where the series comes from: a Message-ID, a link, a commit, or a sentence. */
  origin: z.string().trim().min(1),
  /** `design`: another way to do it right. `mutant`: wrong on purpose. `patch`: anything else. */
  kind: z.enum(['design', 'mutant', 'patch']),
  /** Trees that the series is meant for, e.g. `debian:6.1`; none means that nobody has said. */
  trees: z.array(z.string().min(1)),
  /** File names in the order in which they apply. */
  patches: z.array(patchName).refine((names) => new Set(names).size === names.length, {
    message: 'names a patch twice',
  }),
  description: z.string().optional(),
  expect: expectation.optional(),
  source: provenance.optional(),
});

export type CandidateFile = z.infer<typeof candidateSchema>;
export type CandidateKind = CandidateFile['kind'];
export type Expectation = z.infer<typeof expectation>;
export type Provenance = z.infer<typeof provenance>;
export type Detector = (typeof detectors)[number];

import { z } from 'zod';
import { detectors } from '../../patches/index.ts';

const detector = z.enum(detectors);

const mutantRow = z.object({
  mutant: z.string(),
  title: z.string(),
  tree: z.string(),
  profile: z.string(),
  /** Any of them was expected to speak; none: nobody has said. */
  expected: z.array(detector),
  /**
   * `caught`; `missed`: the suite passed on it; `unclear`: nothing spoke, but not all was observed that
   * passes on base; `not tried`: it could not be put on trial.
   */
  result: z.enum(['caught', 'missed', 'unclear', 'not tried']),
  /** What spoke, one entry a failed point or a new report. */
  how: z.array(z.object({ detector, program: z.string().nullable(), text: z.string() })),
  /** The repetition in which it first spoke, or how many were made in vain. */
  repetitions: z.number().int(),
  /** Of testing alone, until it was caught or the last repetition had passed. */
  seconds: z.number(),
  /** Why it is unclear, or was not tried. */
  problem: z.string().optional(),
  directory: z.string().nullable(),
});

const baseRow = z.object({
  tree: z.string(),
  profile: z.string(),
  repetitions: z.number().int(),
  points: z.number().int(),
  /** What spoke against a kernel that nobody changed: false alarms, or faults that base has. */
  alarms: z.array(z.string()),
  /** Points that could not be observed. */
  missed: z.number().int(),
  seconds: z.number(),
});

/** recall.json. The version rises when a field changes its meaning or goes. */
export const recallSchema = z.object({
  schema: z.literal('ringtrial.recall/1'),
  /** One line. */
  summary: z.string(),
  suite: z.string(),
  mutants: z.array(mutantRow),
  bases: z.array(baseRow),
  seconds: z.number(),
});

export type Recall = z.infer<typeof recallSchema>;
export type MutantRow = z.infer<typeof mutantRow>;
export type BaseRow = z.infer<typeof baseRow>;

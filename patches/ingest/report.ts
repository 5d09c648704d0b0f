import { z } from 'zod';
import { fits } from '../apply.ts';
import { candidateSchema } from '../schema.ts';

/** One candidate that came out. */
const ingestedSchema = z.object({
  name: z.string(),
  /** Where it lies, or would lie. */
  directory: z.string(),
  written: z.enum(['new', 'unchanged', 'replaced', 'not written']),
  /** `newest` of the versions that are complete; `superseded` by a newer one. */
  status: z.enum(['newest', 'superseded']),
  kind: z.enum(['series', 'diff', 'stack']),
  /** Its candidate.json. */
  file: candidateSchema,
  /** How it fits the tree that was given; `fails` with the reason in `why`. */
  fit: z.enum([...fits, 'fails']).optional(),
  why: z.string().optional(),
});
export type Ingested = z.infer<typeof ingestedSchema>;

const leftover = z.object({ title: z.string(), reason: z.string() });

/** What `ringtrial ingest --json` prints. The version rises when a field changes its meaning or goes. */
export const ingestReportSchema = z.object({
  schema: z.literal('ringtrial.ingest/1'),
  candidates: z.array(ingestedSchema),
  incomplete: z.array(leftover),
  /** What must not be applied anywhere, or cannot be read. */
  refused: z.array(leftover),
  messages: z.number().int(),
  quotations: z.number().int(),
  fragments: z.number().int(),
});
export type Report = z.infer<typeof ingestReportSchema>;

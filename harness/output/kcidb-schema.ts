import { z } from 'zod';
import { statuses } from '../status.ts';

/**
 * KCIDB's format for reports to Kernel CI, version 5.3, as far as Ringtrial writes it. Objects take no other
 * fields, nothing is null, no text holds a NUL, and identifiers begin with who reported them. Source of the
 * rules: kcidb_io/schema/v05_03.py of kernelci/kcidb-io.
 */
const text = z.string().regex(/^[^\0]*$/);
/** KCIDB's names of systems that report. */
export const originPattern = /^[a-z0-9_]+$/;
const origin = z.string().regex(originPattern);
const id = z.string().regex(/^[a-z0-9_]+:[^\n]*$/);
const pathPattern = /^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$/;
const time = z.iso.datetime({ offset: true });
/** Counted in code points; a UTF-16 unit is at most one. */
const excerpt = text.max(16_384);
const misc = z.record(z.string(), z.json());
/** KCIDB knows `DONE` besides, for measurements without a judgement. */
const status = z.enum([...statuses, 'DONE']);

const checkout = z.strictObject({
  id,
  origin,
  tree_name: text.optional(),
  patchset_hash: z
    .string()
    .regex(/^$|^[0-9a-f]{64}$/)
    .optional(),
  comment: text.optional(),
  start_time: time.optional(),
  valid: z.boolean().optional(),
  misc: misc.optional(),
});

const build = z.strictObject({
  id,
  origin,
  checkout_id: id,
  comment: text.optional(),
  start_time: time.optional(),
  architecture: z
    .string()
    .regex(/^[a-z0-9_]*$/)
    .optional(),
  config_name: text.optional(),
  log_excerpt: excerpt.optional(),
  status: status.optional(),
  misc: misc.optional(),
});

const test = z.strictObject({
  id,
  origin,
  build_id: id,
  environment: z.strictObject({ comment: text.optional(), misc: misc.optional() }).optional(),
  path: z.string().regex(pathPattern).optional(),
  comment: text.optional(),
  log_excerpt: excerpt.optional(),
  status: status.optional(),
  start_time: time.optional(),
  misc: misc.optional(),
});

const issue = z.strictObject({
  id,
  origin,
  version: z.int().min(0),
  report_subject: text.optional(),
  culprit: z
    .strictObject({
      code: z.boolean().optional(),
      tool: z.boolean().optional(),
      harness: z.boolean().optional(),
    })
    .optional(),
  comment: text.optional(),
  misc: misc.optional(),
});

const incident = z.strictObject({
  id,
  origin,
  issue_id: id,
  issue_version: z.int().min(0),
  build_id: id.optional(),
  test_id: id.optional(),
  present: z.boolean().optional(),
  comment: text.optional(),
  misc: misc.optional(),
});

export const kcidbSchema = z.strictObject({
  version: z.strictObject({ major: z.literal(5), minor: z.int().min(0).max(3) }),
  checkouts: z.array(checkout),
  builds: z.array(build),
  tests: z.array(test),
  issues: z.array(issue),
  incidents: z.array(incident),
});

export type Kcidb = z.infer<typeof kcidbSchema>;

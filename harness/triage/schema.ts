import { z } from 'zod';
import { lockdepSchema } from './schema-lockdep.ts';
import { frameSchema, taskSchema, traceSchema } from './schema-trace.ts';

const evidence = z.object({ weight: z.number(), about: z.string(), text: z.string() });

const attribution = z.object({
  cause: z.enum(['introduced', 'exposed', 'pre-existing', 'unrelated']),
  /** 0 to 1: how strongly the report points at the patch. */
  score: z.number(),
  reason: z.string(),
  evidence: z.array(evidence).readonly(),
});

export const reportSchema = z.object({
  /** From general to special: `lockdep.circular`. */
  kind: z.string(),
  title: z.string(),
  severity: z.enum(['bug', 'warning', 'info']),
  /** Identity across runs. */
  signature: z.string(),
  /** Number, from 1, of the line that names the report; null when it lies too far back to be counted. */
  line: z.number().int().nullable(),
  /** Byte offsets: of the line that names the report, of its first line, and just after its last line. */
  start: z.number().int(),
  lead: z.number().int(),
  end: z.number().int(),
  /** In plain English, one sentence each. */
  explanation: z.array(z.string()).readonly(),
  /** Its own lines, as they stand in the log. */
  text: z.string(),
  /** Seconds since boot. */
  timestamp: z.number().optional(),
  cpu: z.number().int().optional(),
  task: taskSchema.optional(),
  context: z.enum(['task', 'softirq', 'hardirq', 'nmi']).optional(),
  taint: z.string().optional(),
  release: z.string().optional(),
  traces: z.array(traceSchema).readonly(),
  corrupted: z.string().optional(),
  secondary: z.boolean().optional(),
  replay: z.boolean().optional(),
  ip: frameSchema.optional(),
  /** Who holds what a hung task waits for. */
  blocker: z.object({ lock: z.string(), task: taskSchema }).optional(),
  panic: z.string().optional(),
  lockdep: lockdepSchema.optional(),
  /** With `--titles syzkaller`. */
  titles: z
    .object({
      title: z.string(),
      alt: z.array(z.string()).readonly(),
      type: z.string(),
      frame: z.string(),
      corrupted: z.string().optional(),
    })
    .optional(),
  /** With `--patch`. */
  attribution: attribution.optional(),
});

const counts = z.object({
  bug: z.number().int(),
  warning: z.number().int(),
  info: z.number().int(),
});

/** One document of `ringtrial triage --json`: one log. The version rises when a field changes its meaning or goes. */
export const triageSchema = z.object({
  schema: z.literal('ringtrial.triage/1'),
  /** As it was named; `-` for standard input. */
  file: z.string(),
  reports: z.array(reportSchema).readonly(),
  bytes: z.number().int(),
  lines: z.number().int(),
  counts,
  /** Why reports may be missing or misleading. */
  notices: z.array(z.string()).readonly(),
});

/** `ringtrial triage --group --json`: all logs together. */
export const groupsSchema = z.object({
  schema: z.literal('ringtrial.triage-groups/1'),
  files: z.number().int(),
  counts,
  groups: z.array(
    z.object({
      signature: z.string(),
      kind: z.string(),
      title: z.string(),
      severity: z.enum(['bug', 'warning', 'info']),
      count: z.number().int(),
      files: z.number().int(),
      /** At most 50 of them. */
      places: z
        .array(z.object({ file: z.string(), line: z.number().int().nullable(), start: z.number().int() }))
        .readonly(),
      titles: reportSchema.shape.titles,
    }),
  ),
  /** Reports that are in the counts only, because there were too many different ones. */
  left: z.number().int(),
});

export type ReportDocument = z.infer<typeof reportSchema>;
export type TriageDocument = z.infer<typeof triageSchema>;
export type GroupsDocument = z.infer<typeof groupsSchema>;

import { z } from 'zod';
import { frameSchema, taskSchema, traceSchema } from './schema-trace.ts';

const usage = z.object({ inInterrupt: z.boolean(), whileEnabled: z.boolean() });
const waitType = z.enum(['unchecked', 'free', 'raw-spin', 'spin', 'sleep', 'max']);

const lockClass = z.object({
  name: z.string(),
  version: z.number().int().optional(),
  subclass: z.number().int().optional(),
  /** Usage characters as printed: `+.+.`. */
  usage: z.string().optional(),
  bits: z.object({ hardirq: usage, hardirqRead: usage, softirq: usage, softirqRead: usage }).optional(),
  wait: z
    .object({
      outer: z.number().int(),
      inner: z.number().int(),
      outerType: waitType,
      innerType: waitType,
    })
    .optional(),
});

const lockUse = z.object({
  lock: lockClass,
  address: z.string().optional(),
  at: frameSchema.optional(),
  depth: z.number().int().optional(),
});

const irq = z.object({ inside: z.boolean(), depth: z.number().int(), enabled: z.boolean() });

/** See harness/klog/lockdep/types.ts for what each field means. */
export const lockdepSchema = z.object({
  task: taskSchema.optional(),
  wanted: lockUse.optional(),
  against: lockUse.optional(),
  cycle: z.array(lockClass).readonly(),
  edges: z
    .array(
      z.object({
        from: lockClass,
        to: lockClass,
        acquiredIn: z.string().optional(),
        trace: traceSchema,
        how: z.enum(['new', 'recorded', 'interrupt']),
      }),
    )
    .readonly(),
  held: z.array(lockUse).readonly(),
  histories: z
    .array(
      z.object({
        lock: lockClass,
        states: z.array(z.object({ state: z.string(), trace: traceSchema })).readonly(),
      }),
    )
    .readonly(),
  scenario: z
    .array(
      z.object({
        cpu: z.number().int(),
        action: z.enum(['lock', 'rlock', 'sync', 'interrupt', 'irq-disable']),
        lock: z.string().optional(),
      }),
    )
    .readonly(),
  chain: z.array(z.string()).readonly(),
  irq: z
    .object({
      hardirq: irq,
      softirq: irq,
      events: z
        .array(z.object({ what: z.string(), stamp: z.number().int(), at: frameSchema.optional() }))
        .readonly(),
    })
    .optional(),
  usage: z.object({ before: z.string(), now: z.string(), trace: traceSchema.optional() }).optional(),
  context: waitType.optional(),
  check: z.object({ file: z.string(), line: z.number().int(), message: z.string() }).optional(),
  abridged: z.number().int().optional(),
  incomplete: z.string().optional(),
  notes: z.array(z.string()).readonly(),
});

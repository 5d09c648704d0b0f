import { z } from 'zod';

/** The kernel's own names for how it gives up a processor (`preempt=`, kernel/sched/core.c). */
export const preemptionModels = ['none', 'voluntary', 'full', 'lazy'] as const;
export type PreemptionModel = (typeof preemptionModels)[number];

/** One way to run the guests of a trial; part of verdict.json. Everything left out is as in the ordinary guest. */
export const scheduleSchema = z.object({
  /** From 1, the ordinary guest. */
  number: z.number().int(),
  /** For people: `1 vCPU, preempt=voluntary, icount shift=2`. */
  text: z.string(),
  vcpus: z.number().int(),
  preempt: z.enum(preemptionModels).optional(),
  /** Of QEMU's -icount: an instruction takes 2^shift ns of the guest's time. */
  icountShift: z.number().int().optional(),
  /** Whether single vCPUs are held for moments: at any time, or when one enters one of `functions`. */
  hold: z.object({ functions: z.array(z.string()) }).optional(),
  /** What its random choices come from. */
  seed: z.string(),
});

export type Schedule = z.infer<typeof scheduleSchema>;

type Draft = Omit<Schedule, 'text' | 'seed'>;

/** The schedule's one line. */
export function describeSchedule({ vcpus, preempt, icountShift, hold }: Draft): string {
  return [
    `${vcpus} vCPU${vcpus === 1 ? '' : 's'}`,
    ...(preempt === undefined ? [] : [`preempt=${preempt}`]),
    ...(icountShift === undefined ? [] : [`icount shift=${icountShift}`]),
    ...(hold ? [holdWords(hold.functions)] : []),
  ].join(', ');
}

const holdWords = (functions: readonly string[]): string =>
  functions.length === 0 ? 'vCPUs throttled in turn' : `delays at ${functions.join(', ')}`;

/** How a schedule is named beside a result: `schedule 3: 1 vCPU, icount shift=4`. */
export const scheduleName = ({ number, text }: Schedule): string => `schedule ${number}: ${text}`;

/** Where the evidence of a schedule lies, below that of its side. */
export const scheduleFolder = (schedule: Schedule | undefined): string[] =>
  schedule === undefined ? [] : [`schedule-${schedule.number}`];

import { z } from 'zod';
import { kernelRange } from '../policy-range.ts';

/** Seconds; the library ends a program after 36 s by itself, and khungtaskd of a guest speaks after 10 s. */
const usualDeadline = 40;

/**
 * A C file below the suite's directory. make and the shell meet this name, so it is a plain one.
 */
const source = z
  .string()
  .refine((text) => !text.startsWith('/') && !text.split('/').includes('..'), {
    error: 'a source lies in the directory of its suite.json: no absolute path and no ".."',
    abort: true,
  })
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_+./-]*\.c$/,
    'a source is a .c file, named with letters, digits and _ + . / -',
  );

const pointName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'letters, digits, _ . and -');

const program = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, 'lower-case letters, digits, _ and -'),
    /** One C file, or several that make one program. */
    source: z.preprocess((one) => (typeof one === 'string' ? [one] : one), z.array(source).min(1)),
    /**
     * How it tells its results. `ktap`: KTAP on standard output, names of its points with `--list`.
     * `exit-code`: the program is one test point, 0 is a pass, 77 a skip, everything else a failure.
     */
    protocol: z.enum(['ktap', 'exit-code']).optional(),
    /** Names of its test points, for a program that prints KTAP and does not know `--list`. */
    points: z.array(pointName).min(1).optional(),
    /** One run's limit in seconds; longer than the kernel's own hung-task time-out. */
    deadlineSeconds: z.number().positive().max(3600).default(usualDeadline),
    summary: z.string().min(1),
    invariants: z.array(z.string()).default([]),
    distinguishes: z.array(z.string()).default([]),
    /** io_uring's names of what is exercised: `READ_FIXED`, `IORING_REGISTER_BUFFERS_UPDATE`. */
    operations: z.array(z.string()).optional(),
    /** Kernels that have what the program needs, as a range of versions. */
    kernels: kernelRange.optional(),
  })
  .refine((one) => one.protocol !== 'exit-code' || one.points === undefined, {
    error: 'a program with an exit code is one test point by itself: "points" is for KTAP',
    path: ['points'],
  });

/** suite.json of a directory with C programs: what people write to describe a suite. */
export const suiteSchema = z.strictObject({
  title: z.string().min(1),
  description: z.string(),
  /** A shell command (busybox) that makes a guest ready for the programs; it fails, and there is no trial. */
  prepare: z.string().min(1).optional(),
  programs: z
    .array(program)
    .min(1, 'a suite has at least one program')
    .superRefine((programs, context) => {
      const names = programs.map((one) => one.name);
      const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
      if (twice >= 0)
        context.addIssue({
          code: 'custom',
          path: [twice, 'name'],
          message: `there is another program "${names[twice]}": names identify results`,
        });
    }),
});

export type SuiteDescription = z.infer<typeof suiteSchema>;
export type ProgramDescription = SuiteDescription['programs'][number];

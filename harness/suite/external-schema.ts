import { z } from 'zod';
import { kernelRange } from '../policy-range.ts';

const testName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'a test program, without .c');

/**
 * suite.json of a suite that others write and Debian packages: which version suits which kernel, and what is
 * known of its programs. They are built when they are needed, and tell their results by exit code.
 */
export const externalSchema = z.strictObject({
  title: z.string().min(1),
  description: z.string(),
  external: z.strictObject({
    /** Debian's source package. */
    package: z.literal('liburing'),
    /** The first entry whose range holds the kernel says from which Debian release the package is taken. */
    releases: z
      .array(z.strictObject({ kernels: kernelRange, suite: z.enum(['bookworm', 'trixie', 'sid']) }))
      .min(1)
      .refine((list) => list.at(-1)?.kernels === '*', 'the last entry is for all other kernels: "*"'),
    /** A shell command (busybox) that makes a guest ready for the programs. */
    prepare: z.string().min(1).optional(),
    /** Seconds for one program. */
    deadlineSeconds: z.number().positive().max(3600),
    /** Seconds, for those that take longer than the others. */
    deadlines: z.record(testName, z.number().positive().max(3600)).default({}),
    /** Parts of the suite that can be asked for as `NAME:GROUP`. A version may lack some of the programs. */
    groups: z.record(z.string().regex(/^[a-z0-9-]+$/), z.array(testName).min(1)),
    /** Programs that are never run, and why. */
    leaveOut: z.record(testName, z.string().min(1)).default({}),
  }),
});

export type ExternalDescription = z.infer<typeof externalSchema>;

import { z } from 'zod';

const word = z.string().trim().min(1);

/** What may differ from trial to trial beside what is tried on what. */
const settings = {
  repeat: z
    .union([z.int().min(1).max(10_000), z.literal('auto', 'expected a number, or "auto"')])
    .optional()
    .describe('How often each kernel runs the suite, in turns; auto: until failures are told from chance.'),
  only: z.array(word).min(1).optional().describe('Only these programs of the suite.'),
  strict: z.boolean().optional().describe('A change in behaviour rejects.'),
  guests: z
    .enum(['fork', 'boot'])
    .optional()
    .describe('Each test in a fork of a booted guest, or booted guests.'),
  machine: z.enum(['microvm', 'q35']).optional().describe("QEMU's machine."),
  accel: z.enum(['auto', 'kvm', 'tcg']).optional().describe('How guests run.'),
  dump: z.boolean().optional().describe('Keep the RAM of a guest in which something hangs.'),
};

export const settingsSchema = z.strictObject(settings);
export type Settings = z.infer<typeof settingsSchema>;

/** A value of one dimension: as it is, or with a name of its own in the trials' ids, and settings. */
const entry = <Key extends string>(key: Key, about: string) =>
  z.union([
    word.describe(about),
    z.strictObject({
      [key]: word.describe(about),
      name: word.optional().describe('What it is called in the ids of trials.'),
      ...settings,
    } as { [key in Key]: z.ZodString } & { name: z.ZodOptional<z.ZodString> } & typeof settings),
  ]);

const pattern = z.union([word, z.array(word).min(1)]);

/** Which trials are meant: all conditions hold. `*` stands for any characters. */
const selector = z.strictObject({
  candidate: pattern.optional(),
  tree: pattern.optional(),
  profile: pattern.optional(),
  suite: pattern.optional(),
});
export type Selector = z.infer<typeof selector>;

/** What a matrix file says: every candidate on every tree, in every profile, under every suite. */
export const matrixFileSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(/^[\w][\w.-]*$/, 'letters, digits, ".", "_" and "-" only')
    .optional()
    .describe("The matrix's name; by default the file's."),
  candidates: z
    .array(
      entry(
        'candidate',
        "A name that 'ringtrial candidates' lists, 'base', a patch file or a directory of patches.",
      ),
    )
    .default([]),
  trees: z
    .array(entry('tree', 'debian:6.1, another debian:X, a directory, DIR@REF, a tarball or its URL.'))
    .min(1)
    .default(['debian:6.1']),
  profiles: z.array(entry('profile', 'A kernel configuration and its guest.')).min(1).default(['lockdep']),
  suites: z
    .array(entry('suite', "A name that 'ringtrial suite' lists, or a directory with a suite.json."))
    .min(1)
    .default(['fixed-buffers']),
  ...settings,
  base: z
    .enum(['shared', 'own'])
    .default('shared')
    .describe(
      'Whether trials of one tree, profile and suite are compared with one run of base, or each with its own.',
    ),
  exclude: z.array(selector).default([]).describe('Trials that are left out.'),
  overrides: z
    .array(z.strictObject({ match: selector, ...settings }))
    .default([])
    .describe('Settings for some trials; later ones win.'),
  include: z
    .array(
      z
        .strictObject({ candidate: word, tree: word, profile: word, suite: word, ...settings })
        .partial({ tree: true, profile: true, suite: true }),
    )
    .default([])
    .describe('Single trials besides.'),
});

/** A matrix file as people write it: `export default { … } satisfies MatrixFile`. */
export type MatrixFile = z.input<typeof matrixFileSchema>;
export type CheckedMatrixFile = z.output<typeof matrixFileSchema>;

/** The JSON Schema of matrix files, for editors. */
export const matrixJsonSchema = (): object => z.toJSONSchema(matrixFileSchema, { io: 'input' });

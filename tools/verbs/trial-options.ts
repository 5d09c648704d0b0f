import { Option } from '@commander-js/extra-typings';
import { names, positive } from '../values.ts';

/*
 * What the verbs that put candidates on trial have in common, in one wording.
 */

export const candidateWords =
  "a name ('ringtrial candidates' lists them), 'base', a patch file or a directory of patches";

export const treeOption = new Option(
  '--tree <tree>',
  'debian:6.1, another debian:X, a directory, DIR@REF, a tarball or its URL',
);

export const suiteOption = new Option(
  '--suite <suite>',
  "test programs: a name ('ringtrial suite' lists them), or a directory with a suite.json",
).default('fixed-buffers');

export const onlyOption = new Option(
  '--only <programs>',
  'only these programs of the suite, separated by commas',
).argParser(names);

export const profileOption = new Option(
  '--profile <name>',
  "kernel configuration and guest ('ringtrial trees' lists them)",
).default('lockdep');

/** For verbs that can make several trials of it. */
export const profilesOption = new Option(
  '--profile <names>',
  "kernel configuration and guest ('ringtrial trees' lists them); several, separated by commas, or all: one trial each",
)
  .argParser(names)
  .default(['lockdep'], 'lockdep');

export const accelOption = new Option('--accel <name>', 'how the guest runs')
  .choices(['auto', 'kvm', 'tcg'] as const)
  .default('auto' as const);

export const machineOption = new Option('--machine <name>', "QEMU's machine")
  .choices(['microvm', 'q35'] as const)
  .default('microvm' as const);

export const jobsOption = new Option(
  '--jobs <n>',
  'compilers at once (default: one for each processor)',
).argParser(positive);

export const outOption = new Option('--out <directory>', 'the run directory, which must not exist yet');

/** @param schema the name of what is printed, `ringtrial.verdict/1` */
export const jsonOption = (schema: string) =>
  new Option('--json', `print the result as JSON (schema ${schema})`).default(false);

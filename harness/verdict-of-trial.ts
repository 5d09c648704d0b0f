import { createHash } from 'node:crypto';
import type { CompileError, Kernel } from '../vm/kernel/index.ts';
import { secondsSince } from './seconds.ts';
import { repetitionsOf, type Trial } from './trial.ts';
import { type Verdict, verdictSchema } from './verdict.ts';

/** A candidate that does not compile is rejected: the first error, and the patch that brought its line. */
export function compileVerdict(trial: Trial, error: CompileError): Verdict {
  const patch =
    error.file === null || error.line === null ? undefined : trial.applied.lineOrigin(error.file, error.line);
  const where = error.file === null ? '' : `${error.file}:${error.line ?? '?'}: `;
  const from = patch === undefined ? '' : ` (line from ${patch})`;
  const text = `the patched tree does not compile: ${where}${error.message}${from}`;
  return verdictSchema.parse({
    ...facts(trial, undefined),
    verdict: 'rejected',
    summary: `rejected: ${text}`,
    reasons: [{ weight: 'reject', subject: 'build', text }],
    buildError: {
      file: error.file,
      line: error.line,
      message: error.message,
      patch: patch ?? null,
      log: error.log,
    },
    tests: [],
    behaviours: [],
    reports: [],
    lockOrders: [],
    ...ending(trial),
  });
}

export function facts(trial: Trial, candidate: Kernel | undefined): Partial<Verdict> {
  const { tree, options } = trial;
  return {
    schema: 'ringtrial.verdict/1',
    candidate: {
      name: trial.candidate.name,
      title: trial.candidate.title,
      patches: trial.candidate.patches.map((patch) => ({
        name: patch.name,
        sha256: createHash('sha256').update(patch.bytes).digest('hex'),
      })),
    },
    tree: { spec: tree.spec, id: tree.id, version: tree.version, hash: tree.hash },
    profile: trial.profile.name,
    suite: trial.suite.name,
    accelerator: trial.accelerator,
    repetitions: repetitionsOf(options),
    ...(trial.schedules ? { schedules: [...trial.schedules] } : {}),
    strict: options.strict ?? false,
    kernels: {
      base: kernelFacts(trial.base),
      ...(candidate ? { candidate: kernelFacts(candidate) } : {}),
    },
    directory: trial.run.path,
    startedAt: trial.startedAt.toISOString(),
  };
}

const kernelFacts = ({ hash, version, vmlinux, reused }: Kernel): Verdict['kernels']['base'] => ({
  hash,
  version,
  vmlinux,
  reused,
});

export const ending = ({ startedAt, secondTries }: Trial): Pick<Verdict, 'seconds' | 'secondTries'> => ({
  ...(secondTries.length > 0 ? { secondTries } : {}),
  seconds: secondsSince(startedAt.getTime()),
});
